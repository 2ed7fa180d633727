/* Sums, exact and rounded once at the end (abstract machine, §7): independent of the order of the values. */
#include "sums.h"

void exact_clear(exact *sum) {
    sum->window.low = 0, sum->window.high = 0;
    sum->special = sum->is_wide = sum->waiting = sum->unused = 0;
}

static void normalise(exact *sum) {
    i64 carry = 0;
    for (i32 i = 0; i < WIDE_CELLS - 1; i++) {
        i64 value = sum->cell[i] + carry;
        carry = value >> 32;
        sum->cell[i] = value & 0xffffffff;
    }
    sum->cell[WIDE_CELLS - 1] += carry;
    sum->waiting = 0;
}

static void begin_wide(exact *sum) {
    if (sum->is_wide) return;
    for (i32 i = 0; i < WIDE_CELLS; i++) sum->cell[i] = 0;
    sum->is_wide = 1;
}

/* Adds (negative ? -1 : 1) * (high * 2^64 + low) * 2^unit to the wide number; unit >= WIDE_UNIT. */
static void spread(exact *sum, int negative, u64 low, u64 high, i32 unit) {
    begin_wide(sum);
    u32 position = (u32)(unit - WIDE_UNIT), shift = position % 32;
    i64 *cell = sum->cell + position / 32;
    u64 parts[5] = {
        low << shift & 0xffffffff,
        (low >> (32 - shift)) & 0xffffffff,
        (low >> 32 >> (32 - shift)) | (high << shift & 0xffffffff),
        (high >> (32 - shift)) & 0xffffffff,
        high >> 32 >> (32 - shift),
    };
    for (i32 i = 0; i < 5 && cell + i < sum->cell + WIDE_CELLS; i++)
        cell[i] += negative ? -(i64)parts[i] : (i64)parts[i];
    if (++sum->waiting == 1u << 30) normalise(sum);
}

void exact_widen(exact *sum, window from) {
    u64 low = from.low, high = (u64)from.high;
    int negative = from.high < 0;
    if (negative) {
        low = 0 - low;
        high = ~high + (low == 0);
    }
    spread(sum, negative, low, high, WINDOW_UNIT);
}

static void add_to_window(exact *sum, u64 low, i64 high) {
    if (window_add(&sum->window, low, high)) return;
    exact_widen(sum, sum->window);
    sum->window.low = low;
    sum->window.high = high;
}

void exact_add_outside(exact *sum, double value) {
    u64 bits = double_bits(value), mantissa = bits & 0xfffffffffffffull;
    i32 biased = (i32)(bits >> 52 & 0x7ff);
    int negative = (int)(bits >> 63);
    if (biased == 0x7ff) {
        sum->special |= mantissa ? SAW_NAN : negative ? SAW_MINUS_INFINITY : SAW_INFINITY;
        return;
    }
    begin_wide(sum);
    /* As `spread`, for the 53 bits of a float, which reach into three cells at most. */
    if (biased) mantissa |= 1ull << 52;
    u32 position = biased ? (u32)biased - 1 : 0, shift = position % 32;
    i64 *cell = sum->cell + position / 32, sign = -(i64)negative;
    u64 low = mantissa << shift, high = mantissa >> 1 >> (63 - shift);
    cell[0] += ((i64)(low & 0xffffffff) ^ sign) - sign;
    cell[1] += ((i64)(low >> 32) ^ sign) - sign;
    cell[2] += ((i64)high ^ sign) - sign;
    if (++sum->waiting == 1u << 30) normalise(sum);
}

void exact_add(exact *sum, double value) {
    u64 low;
    i64 high;
    if (window_of(value, &low, &high)) add_to_window(sum, low, high);
    else exact_add_outside(sum, value);
}

void exact_add_int(exact *sum, i128 value) {
    int negative = value < 0;
    u128 magnitude = negative ? (u128)0 - (u128)value : (u128)value;
    spread(sum, negative, (u64)magnitude, (u64)(magnitude >> 64), 0);
}

void exact_add_sum(exact *sum, const exact *other) {
    add_to_window(sum, other->window.low, other->window.high);
    sum->special |= other->special;
    if (!other->is_wide) return;
    begin_wide(sum);
    normalise(sum);
    /* Cells that have not been normalised stay below 2^62, normalised ones below 2^32. */
    for (i32 i = 0; i < WIDE_CELLS; i++) sum->cell[i] += other->cell[i];
    normalise(sum);
}

static double result_of_window(window sum) {
    int negative = sum.high < 0;
    u64 low = sum.low, high = (u64)sum.high;
    if (negative) {
        low = 0 - low;
        high = ~high + (low == 0);
    }
    if (!high) return rounded(negative && low, low, WINDOW_UNIT, 0);
    int lead = __builtin_clzll(high);
    u64 top = lead ? high << lead | low >> (64 - lead) : high;
    return rounded(negative, top, WINDOW_UNIT + 64 - lead, (low << lead) != 0);
}

static void negate(exact *sum) {
    for (i32 i = 0; i < WIDE_CELLS; i++) sum->cell[i] = -sum->cell[i];
    normalise(sum);
}

double exact_result(exact *sum) {
    if (sum->special) {
        if (sum->special == SAW_INFINITY) return __builtin_inf();
        if (sum->special == SAW_MINUS_INFINITY) return -__builtin_inf();
        return __builtin_nan("");
    }
    if (!sum->is_wide) return result_of_window(sum->window);
    exact_widen(sum, sum->window);
    sum->window.low = 0, sum->window.high = 0;
    normalise(sum);
    int negative = sum->cell[WIDE_CELLS - 1] < 0;
    if (negative) negate(sum);
    i32 highest = WIDE_CELLS - 1;
    while (highest >= 0 && !sum->cell[highest]) highest--;
    double result = 0.0;
    if (highest >= 0) {
        /* 96 bits from the highest cell on, of which 64 are taken. */
        u64 first = (u64)sum->cell[highest];
        u64 second = highest > 0 ? (u64)sum->cell[highest - 1] : 0;
        u64 third = highest > 1 ? (u64)sum->cell[highest - 2] : 0;
        int lead = __builtin_clz((u32)first);
        u64 upper = first << 32 | second;
        u64 top = lead ? upper << lead | third >> (32 - lead) : upper;
        int sticky = (u32)(third << lead) != 0;
        for (i32 i = highest - 3; i >= 0 && !sticky; i--) sticky = sum->cell[i] != 0;
        result = rounded(negative, top, WIDE_UNIT + 32 * highest - 32 - lead, sticky);
    }
    if (negative) negate(sum);
    return result;
}

/* The sum of a group's values, a column at a time. Only one is under way at any time. */
static exact floats;
static i128 ints;
static u32 float_seen;

EXPORT(sum_begin) void sum_begin(void) {
    exact_clear(&floats);
    ints = 0;
    float_seen = 0;
}

EXPORT(sum_floats) void sum_floats(const double *values, u32 count) {
    for (u32 i = 0; i < count; i++) exact_add(&floats, values[i]);
}

EXPORT(sum_ints) void sum_ints(const i64 *values, u32 count) {
    for (u32 i = 0; i < count; i++) ints += values[i];
}

EXPORT(sum_nums) void sum_nums(const u8 *tags, const u64 *bits, u32 count) {
    for (u32 i = 0; i < count; i++) {
        if (tags[i]) {
            float_seen = 1;
            exact_add(&floats, double_of(bits[i]));
        } else {
            ints += (i64)bits[i];
        }
    }
}

/* Sums that were folded early: windows, and the addresses of wide sums (their own windows are 0) or 0. */
EXPORT(sum_floats_folded) void sum_floats_folded(const u64 *low, const i64 *high, const i64 *wide, u32 count) {
    for (u32 i = 0; i < count; i++) {
        add_to_window(&floats, low[i], high[i]);
        if (wide[i]) exact_add_sum(&floats, (const exact *)(u32)wide[i]);
    }
}

EXPORT(sum_ints_folded) void sum_ints_folded(const u64 *low, const i64 *high, u32 count) {
    for (u32 i = 0; i < count; i++) ints += (i128)((u128)(u64)high[i] << 64 | low[i]);
}

EXPORT(sum_float_result) double sum_float_result(void) { return exact_result(&floats); }

/* Writes the sum to `*result`; 1: it is out of range. */
EXPORT(sum_int_result) int sum_int_result(i64 *result) {
    *result = (i64)ints;
    return ints != (i64)ints;
}

/* Writes the int, or the bits of the float; returns the tag (0 int, 1 float), or 2: an int out of range. */
EXPORT(sum_num_result) int sum_num_result(u64 *result) {
    if (!float_seen) return sum_int_result((i64 *)result) ? 2 : 0;
    exact_add_int(&floats, ints);
    *result = double_bits(exact_result(&floats));
    return 1;
}
