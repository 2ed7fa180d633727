/* Sums, exact and rounded once at the end (abstract machine, §7): independent of the order of the values. */
#include "sums.h"

void exact_clear(exact *sum) {
    sum->window = 0;
    sum->special = sum->is_wide = sum->waiting = 0;
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

/* Adds value * 2^unit to the wide number; unit >= WIDE_LOW. */
void exact_spread(exact *sum, i128 value, i32 unit) {
    begin_wide(sum);
    int negative = value < 0;
    u128 magnitude = negative ? (u128)0 - (u128)value : (u128)value;
    u32 position = (u32)(unit - WIDE_LOW);
    i32 index = (i32)(position / 32);
    u32 shift = position % 32;
    u64 low = (u64)magnitude, high = (u64)(magnitude >> 64);
    u64 parts[5] = {low << shift & 0xffffffff, (low >> (32 - shift)) & 0xffffffff, 0, 0, 0};
    if (!shift) parts[1] = low >> 32;
    parts[2] = (shift ? low >> (64 - shift) : 0) | (high << shift & 0xffffffff);
    parts[3] = shift ? (high >> (32 - shift)) & 0xffffffff : high >> 32;
    parts[4] = shift ? high >> (64 - shift) : 0;
    for (i32 i = 0; i < 5 && index + i < WIDE_CELLS; i++)
        sum->cell[index + i] += negative ? -(i64)parts[i] : (i64)parts[i];
    if (++sum->waiting == 1u << 30) normalise(sum);
}

/* Adds to the window, or moves it to the wide number if it would overflow. */
static void add_to_window(exact *sum, i128 term) {
    i128 total;
    if (__builtin_add_overflow(sum->window, term, &total)) {
        exact_spread(sum, sum->window, WINDOW_LOW);
        total = term;
    }
    sum->window = total;
}

void exact_add(exact *sum, double value) {
    u64 bits = double_bits(value);
    i32 biased = (i32)(bits >> 52 & 0x7ff);
    u64 mantissa = bits & 0xfffffffffffffull;
    if (biased == 0x7ff) {
        sum->special |= mantissa ? SAW_NAN : bits >> 63 ? SAW_MINUS_INFINITY : SAW_INFINITY;
        return;
    }
    if (biased) mantissa |= 1ull << 52;
    else biased = 1;
    i128 term = (i64)bits < 0 ? -(i128)mantissa : (i128)mantissa;
    i32 exponent = biased - 1075, shift = exponent - WINDOW_LOW;
    if (shift >= 0 && shift <= 73) add_to_window(sum, term << shift);
    else if (shift < 0 && shift > -53 && !(mantissa & ((1ull << -shift) - 1))) add_to_window(sum, term >> -shift);
    else if (mantissa) exact_spread(sum, term, exponent);
}

void exact_add_int(exact *sum, i128 value) {
    if (value == (i64)value && value >> 46 == value >> 63) add_to_window(sum, value << -WINDOW_LOW);
    else exact_spread(sum, value, 0);
}

void exact_add_sum(exact *sum, const exact *other) {
    sum->special |= other->special;
    add_to_window(sum, other->window);
    if (!other->is_wide) return;
    begin_wide(sum);
    normalise(sum);
    /* Cells that have not been normalised stay below 2^62, normalised ones below 2^32. */
    for (i32 i = 0; i < WIDE_CELLS; i++) sum->cell[i] += other->cell[i];
    normalise(sum);
}

static double result_of_window(i128 window) {
    int negative = window < 0;
    u128 magnitude = negative ? (u128)0 - (u128)window : (u128)window;
    u64 high = (u64)(magnitude >> 64), low = (u64)magnitude;
    if (!high) return rounded(negative && low, low, WINDOW_LOW, 0);
    int lead = __builtin_clzll(high);
    u64 top = lead ? high << lead | low >> (64 - lead) : high;
    return rounded(negative, top, WINDOW_LOW + 64 - lead, (low << lead) != 0);
}

double exact_result(exact *sum) {
    if (sum->special) {
        if (sum->special == SAW_INFINITY) return __builtin_inf();
        if (sum->special == SAW_MINUS_INFINITY) return -__builtin_inf();
        return __builtin_nan("");
    }
    if (!sum->is_wide) return result_of_window(sum->window);
    exact_spread(sum, sum->window, WINDOW_LOW);
    sum->window = 0;
    normalise(sum);
    int negative = sum->cell[WIDE_CELLS - 1] < 0;
    if (negative) {
        for (i32 i = 0; i < WIDE_CELLS; i++) sum->cell[i] = -sum->cell[i];
        normalise(sum);
    }
    i32 highest = WIDE_CELLS - 1;
    while (highest >= 0 && !sum->cell[highest]) highest--;
    double result = 0.0;
    if (highest >= 0) {
        /* 96 bits from the highest cell on, of which 64 are taken. */
        u64 first = (u64)sum->cell[highest];
        u64 second = highest > 0 ? (u64)sum->cell[highest - 1] : 0, third = highest > 1 ? (u64)sum->cell[highest - 2] : 0;
        int lead = __builtin_clz((u32)first);
        u128 whole = ((u128)first << 64 | (u128)second << 32 | third) << lead;
        u64 top = (u64)(whole >> 32);
        int sticky = (u32)whole != 0;
        for (i32 i = highest - 3; i >= 0 && !sticky; i--) sticky = sum->cell[i] != 0;
        result = rounded(negative, top, WIDE_LOW + 32 * highest + 32 - 64 - lead, sticky);
    }
    if (negative) {
        for (i32 i = 0; i < WIDE_CELLS; i++) sum->cell[i] = -sum->cell[i];
        normalise(sum);
    }
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
