# The program of paper III, section 5.2: a bare snippet. `totem disassemble examples/paper3.py` shows its 18 operators.
a: int = 1
b: int = 2
c: int = a + b
d: float = 4.1
for i in range(1, 4):
    c = c + i
    d = d - 0.1
