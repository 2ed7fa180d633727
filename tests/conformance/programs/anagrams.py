# data: [["listen"], ["silent"], ["Enlist"], ["google"], ["elgoog"], ["abc"], [""], ["  cab "], ["ßtraße"]]
from mrjob.job import MRJob


class Anagrams(MRJob):
    """Words of the same letters, where there are several."""

    def mapper(self, _, line):
        word = line.strip().lower()
        if word:
            yield "".join(sorted([letter for letter in word])), word

    def reducer(self, letters, words):
        found = sorted(words)
        if len(found) > 1:
            yield letters, found
        elif letters[0] == found[0][0]:
            yield f"only {found[0]}", [letters]
