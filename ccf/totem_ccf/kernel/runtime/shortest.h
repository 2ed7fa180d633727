/* Floats as decimal numbers with as few digits as possible. */
#ifndef TOTEM_SHORTEST_H
#define TOTEM_SHORTEST_H

#include "runtime.h"

/* digits * 10^exponent. */
typedef struct {
    u64 digits;
    i32 exponent;
} shortest;

/* The shortest decimal number of a finite float other than 0, given by the bits of its mantissa and exponent. */
shortest shortest_of(u64 mantissa, i32 biased);

#endif
