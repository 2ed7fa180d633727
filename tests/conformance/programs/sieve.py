# schema: {"n": "int"}
# data: [[2], [9], [10], [97], [91], [1], [0], [-3], [30], [100]]
from totem_sdk import TotemJob


class Sieve(TotemJob):
    """Prime factors by a sieve that the mapper makes once and keeps."""

    def mapper_init(self):
        prime = [True] * 101
        prime[0] = prime[1] = False
        for i in range(2, 11):
            if prime[i]:
                for multiple in range(i * i, 101, i):
                    prime[multiple] = False
        self.primes = [i for i, is_prime in enumerate(prime) if is_prime]

    def mapper(self, _, row):
        left = row.n
        factors = []
        if left < 2:
            yield "none", f"{left}"
            return
        for p in self.primes:
            while left % p == 0:
                factors.append(p)
                left //= p
            if p * p > row.n:
                break
        if left > 1:
            factors.append(left)
        kind = "prime" if len(factors) == 1 else "composite"
        yield kind, f"{row.n}={'*'.join([str(p) for p in factors])}"

    def reducer(self, kind, numbers):
        yield kind, sorted(numbers, key=len)
