/* How items of lists stand to each other (shapes: lists.c), and what goes by that: searching, comparing, sorting. */
#include "arena.h"
#include "merging.h"

/* -1, 0 or 1 as a is less than, equal to or greater than b; 2 if one is NaN. Exact between int and float. */
static int float_order(double a, double b) { return a != a || b != b ? 2 : (a > b) - (a < b); }
static int int_order(i64 a, i64 b) { return (a > b) - (a < b); }
static int int_float_order(i64 a, double b) {
    if (b != b) return 2;
    if (b >= 0x1p63) return -1;
    if (b < -0x1p63) return 1;
    i64 whole = (i64)b;
    int found = int_order(a, whole);
    return found ? found : float_order((double)whole, b);
}
static int num_order(const u64 *a, const u64 *b) {
    u32 tag_a = (u32)a[0], tag_b = (u32)b[0];
    if (tag_a && tag_b) return float_order(double_of(a[1]), double_of(b[1]));
    if (tag_b) return int_float_order((i64)a[1], double_of(b[1]));
    if (tag_a) {
        int found = int_float_order((i64)b[1], double_of(a[1]));
        return found == 2 ? 2 : -found;
    }
    return int_order((i64)a[1], (i64)b[1]);
}
int text_order(text a, text b);
int text_equal(text a, text b);

static int num_nan(const u64 *a) { return (u32)a[0] && double_of(a[1]) != double_of(a[1]); }

/* How two items stand to each other: -1, 0, 1 or, with a NaN, 2. Moves all behind them if it is 0. */
static int order(const u8 **shape, const u64 **a, const u64 **b);

static int one_order(u8 kind, const u64 *a, const u64 *b) {
    switch (kind) {
    case 'i': return int_order((i64)*a, (i64)*b);
    case 'b': return int_order((u32)*a, (u32)*b);
    case 'f': return float_order(double_of(*a), double_of(*b));
    case 's': return text_order(*a, *b);
    case 'n': return num_order(a, b);
    }
    __builtin_trap();
}

static int order(const u8 **shape, const u64 **a, const u64 **b) {
    u8 kind = *(*shape)++;
    int found = 0;
    if (kind == 'z') return 0;
    if (kind == '(') {
        while (**shape != ')')
            if ((found = order(shape, a, b))) return found;
        (*shape)++;
        return 0;
    }
    if (kind == '?') {
        /* Of options only equality is asked. */
        u32 present = (u32)*(*a)++;
        if (present != (u32)*(*b)++) return 2;
        if (present) return order(shape, a, b);
        const u8 *again = *shape;
        texts_of(&again, a);
        texts_of(shape, b);
        return 0;
    }
    if (kind == 's') found = text_equal(**a, **b) ? 0 : text_order(**a, **b);
    else found = one_order(kind, *a, *b);
    u32 words = kind == 'n' ? 2 : 1;
    *a += words;
    *b += words;
    return found;
}

int stands(text shape, const u64 *a, const u64 *b) {
    const u8 *s = text_start(shape);
    if (*s == 'i') return int_order((i64)*a, (i64)*b);
    if (*s == 'f') return float_order(double_of(*a), double_of(*b));
    return order(&s, &a, &b);
}

/* As `order`, but NaN comes after all other numbers and equals itself. */
static int place_order(const u8 **shape, const u64 **a, const u64 **b) {
    u8 kind = **shape;
    if (kind == '(') {
        (*shape)++;
        while (**shape != ')') {
            int found = place_order(shape, a, b);
            if (found) return found;
        }
        (*shape)++;
        return 0;
    }
    if (kind == 'f' || kind == 'n') {
        const u64 *x = *a, *y = *b;
        int nan_a = kind == 'f' ? double_of(*x) != double_of(*x) : num_nan(x);
        int nan_b = kind == 'f' ? double_of(*y) != double_of(*y) : num_nan(y);
        if (nan_a || nan_b) {
            u32 words = kind == 'f' ? 1 : 2;
            (*shape)++;
            *a += words;
            *b += words;
            return nan_a - nan_b;
        }
    }
    return order(shape, a, b);
}

/* Whether an item comes after another in a sorted list; items of one number, which are most, are compared at once. */
static inline int comes_after(text shape, int sign, const u64 *a, const u64 *b) {
    const u8 *s = text_start(shape);
    if (*s == 'i') return sign * int_order((i64)*a, (i64)*b) > 0;
    if (*s == 'f') {
        int found = float_order(double_of(*a), double_of(*b));
        if (found != 2) return sign * found > 0;
    }
    return sign * place_order(&s, &a, &b) > 0;
}

/* The position of the first item that equals the value, or how many there are. */
EXPORT(list_find) u32 list_find(const list *l, const u64 *value, text shape) {
    for (u32 i = 0; i < l->count; i++)
        if (!stands(shape, item_at(l, i), value)) return i;
    return l->count;
}

EXPORT(list_occurrences) i64 list_occurrences(const list *l, const u64 *value, text shape) {
    i64 found = 0;
    for (u32 i = 0; i < l->count; i++) found += !stands(shape, item_at(l, i), value);
    return found;
}

EXPORT(list_equal) int list_equal(const list *a, const list *b, text shape) {
    if (a->count != b->count) return 0;
    for (u32 i = 0; i < a->count; i++)
        if (stands(shape, item_at(a, i), item_at(b, i))) return 0;
    return 1;
}

/* The place of the first smallest (sign 1) or largest (sign -1) item of a list that has one. */
EXPORT(list_extreme) u64 *list_extreme(const list *l, int sign, text shape) {
    u64 *best = item_at(l, 0);
    for (u32 i = 1; i < l->count; i++)
        if (stands(shape, item_at(l, i), best) == -sign) best = item_at(l, i);
    return best;
}

/* How many comparisons sorting n items is charged as. */
EXPORT(list_rounds) i64 list_rounds(u32 count) { return count < 2 ? 0 : 32 - __builtin_clz(count - 1); }

EXPORT(list_sort) void list_sort(list *l, int sign, text shape) { merge(l, comes_after, sign, shape); }

EXPORT(list_sorted) list *list_sorted(const list *l, int sign, text shape) {
    list *made = with_room(l->words, l->count);
    if (!made) return 0;
    add_items(made, l, l->count);
    made->bytes = l->bytes;
    merge(made, comes_after, sign, shape);
    return made;
}
