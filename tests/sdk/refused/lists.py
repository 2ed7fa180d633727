from totem_sdk import TotemJob


class Job(TotemJob):
    def mapper(self, _, row):
        numbers = [row.n, 1]
        numbers.append("a")  # refused: type-conflict@24
        mixed = [row.n, row.name]  # refused: type-conflict@29
        numbers.push(3)  # refused: unknown-attribute@17
        [1, 2].remove(1)  # refused: argument@9
        numbers.remove()  # refused: argument@9
        numbers.append()  # refused: argument@9
        numbers.append(1, 2)  # refused: argument@9
        a = numbers["a"]  # refused: type@21
        numbers[1:2] = [3]  # refused: slice@17
        row.name.split()[0] = 1  # refused: type-conflict@9
        pair = (1, 2)
        pair[0] = 3  # refused: target@9
        row.name[0] = "a"  # refused: target@9
        d = numbers < [1]  # refused: type@13
        e = numbers == ["a"]  # refused: type@13
        f = "a" in numbers  # refused: type-conflict@13
        g = 1 in row.n  # refused: membership@13
        h = 1 < 2 in numbers  # refused: membership@13
        i = numbers + 1  # refused: type@13
        j = numbers - [1]  # refused: type@13
        k = row.n * numbers  # refused: type@13
        numbers.extend(["a"])  # refused: type-conflict@24
        numbers.extend(row.n)  # refused: type@28
        numbers.sort(reverse=row.on)  # refused: argument@22
        numbers.reverse(reverse=True)  # refused: keyword@25
        m = sorted(numbers, True)  # refused: argument@13
        n = sorted(row.n)  # refused: argument@13
        q = sum([row.name])  # refused: type@13
        s = max([[1], [2]])  # refused: type@13
        t = [1] in [[1], [2]]  # refused: type@13
        u = list(row.n)  # refused: argument@13
        v = [*numbers, "a"]  # refused: type-conflict@13
        w = (numbers, 1) < (numbers, 2)  # refused: type@13
        x: list[str] = numbers  # refused: annotation@12
        y = any(row.n)  # refused: loop-form@21
        z = all()  # refused: argument@13
        x = numbers is None  # refused: type@13
        yield numbers, row.name  # refused: emit-type@9
        yield [1, 2], row.name  # refused: container@15
        yield row.name, numbers
        yield row.name, [row.name]  # refused: type-conflict@9
