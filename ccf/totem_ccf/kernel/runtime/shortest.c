/* The shortest decimal number that reads back as a float, of several the nearest one (R. Giulietti, "The Schubfach way to
 * render doubles", 2021; the names are those of that paper). */
#include "shortest.h"
#include "shortest_table.h"

/* The highest 64 bits of g * cp, rounded to odd: the lowest bit tells that there is more. */
static u64 round_to_odd(const u64 *g, u64 cp) {
    u64 x1, y1, y0;
    multiply(g[1], cp, &x1);
    y0 = multiply(g[0], cp, &y1);
    y0 += x1;
    if (y0 < x1) y1++;
    return y1 | (y0 > 1);
}

shortest shortest_of(u64 mantissa, i32 biased) {
    u64 c = biased ? mantissa | 1ull << 52 : mantissa;
    i32 q = (biased ? biased : 1) - 1075;
    if (q <= 0 && q > -53 && (c & ((1ull << -q) - 1)) == 0) {
        shortest whole = {c >> -q, 0};
        return whole;
    }
    int even = !(c & 1), closer = mantissa == 0 && biased > 1;
    u64 cb = 4 * c, cbl = cb - 2 + (u64)closer, cbr = cb + 2;
    i32 k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;
    i32 h = q + ((-k * 1741647) >> 19) + 1;
    const u64 *g = TENS_CEILED[-k - LOWEST_TEN];
    u64 lower = round_to_odd(g, cbl << h) + !even, vb = round_to_odd(g, cb << h);
    u64 upper = round_to_odd(g, cbr << h) - !even, s = vb / 4;
    if (s >= 10) {
        u64 sp = s / 10;
        int up = lower <= 40 * sp, wp = 40 * sp + 40 <= upper;
        if (up != wp) {
            shortest found = {sp + (u64)wp, k + 1};
            return found;
        }
    }
    int u = lower <= 4 * s, w = 4 * s + 4 <= upper;
    if (u == w) w = vb > 4 * s + 2 || (vb == 4 * s + 2 && (s & 1));
    shortest found = {s + (u64)w, k};
    return found;
}
