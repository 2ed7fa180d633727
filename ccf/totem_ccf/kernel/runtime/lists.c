/* Lists that can be changed (docs/adr/0020-containers.md): a header and a block of items in the arena. An item is 8 bytes
 * for each slot; its *shape* says what they are:
 *
 *   i  an int, date or datetime    f  a float    b  a bool    s  a text    n  a number: tag, bits    a  a list
 *   ?  an option: presence, then what follows    (…)  a tuple    z  none (no slot)
 *
 * What a function allocates is counted in logical bytes before it is done; 0 says that there is no memory left. */
#include "arena.h"
#include "merging.h"

enum { LOGICAL_LIMIT = 64 << 20, FIRST_ROOM = 4 };

u32 *arena, arena_start;

EXPORT(arena_setup) void arena_setup(u32 *cells, u32 start) {
    arena = cells;
    arena_start = start;
    arena[0] = start;
    arena[1] = 0;
}

int counted(u64 size) {
    if (size > LOGICAL_LIMIT - arena[1]) return 0;
    arena[1] += (u32)size;
    return 1;
}

static u32 free_place(void) { return (arena[0] + 7) & ~7u; }

u32 take(u32 size) {
    u32 place = free_place();
    arena[0] = place + size;
    return place;
}

/* A place for one value, until something is allocated. */
EXPORT(arena_scratch) u32 arena_scratch(void) { return free_place(); }

/* The text at a place that lasts as long as the arena; its bytes are counted elsewhere. */
EXPORT(arena_text) text arena_text(text t) {
    u32 size = text_size(t), start = (u32)(t >> 32);
    if (!size || (start >= arena_start && start < arena[0])) return t;
    u8 *to = (u8 *)arena[0];
    copy_bytes(to, text_start(t), size);
    arena[0] += size;
    return text_of(to, size);
}

static list *empty(u32 words) {
    list *made = (list *)take(sizeof(list));
    made->count = made->room = made->items = 0;
    made->words = words;
    made->bytes = 0;
    return made;
}

void reserve(list *l, u32 count) {
    if (count <= l->room) return;
    u32 room = 2 * l->room, size = item_bytes(l);
    if (room < count) room = count;
    if (room < FIRST_ROOM) room = FIRST_ROOM;
    if (l->room && l->items + l->room * size == arena[0]) {
        arena[0] = l->items + room * size;
    } else {
        u32 place = take(room * size);
        copy_bytes((u8 *)place, (u8 *)l->items, l->count * size);
        l->items = place;
    }
    l->room = room;
}

list *with_room(u32 words, u64 count) {
    if (!counted(LIST_BYTES + 8 * (u64)words * count)) return 0;
    list *made = empty(words);
    if (count) reserve(made, (u32)count);
    return made;
}

EXPORT(list_new) list *list_new(u32 words) { return with_room(words, 0); }

/* The place of a new item with texts of so many bytes, at the end; 0: no memory. */
EXPORT(list_append) u64 *list_append(list *l, u64 bytes) {
    if (!counted(item_bytes(l) + bytes)) return 0;
    reserve(l, l->count + 1);
    l->bytes += bytes;
    return item_at(l, l->count++);
}

EXPORT(list_insert) u64 *list_insert(list *l, i64 position, u64 bytes) {
    if (!list_append(l, bytes)) return 0;
    i64 last = l->count - 1;
    if (position < 0) position += last;
    if (position < 0) position = 0;
    if (position > last) position = last;
    u64 *place = item_at(l, (u32)position);
    __builtin_memmove(place + l->words, place, (u32)(last - position) * item_bytes(l));
    return place;
}

/* The place of an item whose texts become so many bytes more or less; `position` is inside of the list. */
EXPORT(list_put) int list_put(list *l, u64 added, u64 removed) {
    if (!counted(added)) return 0;
    l->bytes += added - removed;
    return 1;
}

/* Closes the gap of an item that was taken out, with texts of so many bytes. */
EXPORT(list_remove) void list_remove(list *l, u32 position, u64 bytes) {
    u64 *place = item_at(l, position);
    l->count--;
    l->bytes -= bytes;
    __builtin_memmove(place, place + l->words, (l->count - position) * item_bytes(l));
}

EXPORT(list_clear) void list_clear(list *l) {
    l->count = 0;
    l->bytes = 0;
}

static void add_all(list *l, const list *more, u32 count) {
    u32 start = l->count;
    reserve(l, start + count);
    copy_bytes((u8 *)item_at(l, start), (u8 *)more->items, count * item_bytes(l));
    l->count = start + count;
}

EXPORT(list_extend) int list_extend(list *l, const list *more) {
    u32 count = more->count;
    u64 bytes = more->bytes;
    if (!counted((u64)item_bytes(l) * count)) return 0;
    add_all(l, more, count);
    l->bytes += bytes;
    return 1;
}

EXPORT(list_add) list *list_add(const list *a, const list *b) {
    list *made = with_room(a->words, (u64)a->count + b->count);
    if (!made) return 0;
    add_all(made, a, a->count);
    add_all(made, b, b->count);
    made->bytes = a->bytes + b->bytes;
    return made;
}

EXPORT(list_times) list *list_times(const list *l, i64 number) {
    if (number < 0) number = 0;
    if (l->count && number > LOGICAL_LIMIT) return 0;
    list *made = with_room(l->words, l->count * (u64)number);
    if (!made) return 0;
    for (i64 i = 0; l->count && i < number; i++) add_all(made, l, l->count);
    made->bytes = l->bytes * (u64)number;
    return made;
}

/* The pieces of a split, with their texts. */
EXPORT(pieces_bytes) u64 pieces_bytes(u64 pieces) {
    const word *piece = (const word *)text_start(pieces);
    u64 bytes = 0;
    for (u32 i = 0; i < text_size(pieces); i++) bytes += text_size(piece[i]);
    return bytes;
}

EXPORT(list_of) list *list_of(u64 pieces) {
    u64 bytes = pieces_bytes(pieces);
    u32 count = text_size(pieces);
    if (!counted(bytes)) return 0;
    list *made = with_room(1, count);
    if (!made) return 0;
    const word *piece = (const word *)text_start(pieces);
    for (u32 i = 0; i < count; i++) *item_at(made, i) = arena_text(piece[i]);
    made->count = count;
    made->bytes = bytes;
    return made;
}

/* The bytes of the texts of one item; moves both behind it. */
static u64 texts_of(const u8 **shape, const u64 **item) {
    u64 bytes = 0;
    switch (*(*shape)++) {
    case 'z': return 0;
    case 's': return text_size(*(*item)++);
    case 'n': *item += 2; return 0;
    case '?': (*item)++; return texts_of(shape, item); /* an absent text is empty */
    case '(':
        while (**shape != ')') bytes += texts_of(shape, item);
        (*shape)++;
        return bytes;
    default: (*item)++; return 0;
    }
}

u64 bytes_at(text shape, const u64 *item) {
    const u8 *s = text_start(shape);
    return texts_of(&s, &item);
}

typedef struct { i64 start, step, count; } cut;

static i64 clamped(i64 value, i64 low, i64 high) { return value < low ? low : value > high ? high : value; }

/* What a slice takes, as Python's slice.indices; a step of 0 takes nothing. */
static cut cut_of(i64 length, i64 start, i64 stop, i64 step, u32 given) {
    cut found = {0, given & 4 ? step : 1, 0};
    if (found.step == 0) return found;
    i64 low = found.step < 0 ? -1 : 0, high = found.step < 0 ? length - 1 : length;
    i64 first = found.step < 0 ? high : low, last = found.step < 0 ? low : high;
    if (given & 1) first = clamped(start < 0 ? (start < -length ? -length - 1 : start) + length : start, low, high);
    if (given & 2) last = clamped(stop < 0 ? (stop < -length ? -length - 1 : stop) + length : stop, low, high);
    found.start = first;
    u64 by = found.step < 0 ? -(u64)found.step : (u64)found.step;
    i64 span = found.step < 0 ? first - last : last - first;
    if (span > 0) found.count = (i64)(((u64)span - 1) / by + 1);
    return found;
}

EXPORT(list_slice_count) i64 list_slice_count(const list *l, i64 start, i64 stop, i64 step, u32 given) {
    return cut_of(l->count, start, stop, step, given).count;
}

EXPORT(list_slice) list *list_slice(const list *l, i64 start, i64 stop, i64 step, u32 given, text shape) {
    cut wanted = cut_of(l->count, start, stop, step, given);
    list *made = with_room(l->words, (u64)wanted.count);
    if (!made) return 0;
    for (i64 i = 0; i < wanted.count; i++) {
        u64 *item = item_at(l, (u32)(wanted.start + (i ? i * wanted.step : 0)));
        copy_bytes((u8 *)item_at(made, (u32)i), (u8 *)item, item_bytes(l));
        made->bytes += bytes_at(shape, item);
    }
    made->count = (u32)wanted.count;
    return made;
}

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
    add_all(made, l, l->count);
    made->bytes = l->bytes;
    merge(made, comes_after, sign, shape);
    return made;
}

EXPORT(list_reverse) void list_reverse(list *l) {
    for (u32 i = 0, j = l->count; i + 1 < j; i++) {
        u64 *a = item_at(l, i), *b = item_at(l, --j);
        for (u32 k = 0; k < l->words; k++) {
            u64 kept = a[k];
            a[k] = b[k];
            b[k] = kept;
        }
    }
}

void sum_begin(void);
void sum_nums(const u8 *tags, const u64 *bits, u32 count);

/* Adds up the tagged numbers of a list; the result is asked for as of a group's values. */
EXPORT(list_sum_nums) void list_sum_nums(const list *l) {
    sum_begin();
    for (u32 i = 0; i < l->count; i++) sum_nums((const u8 *)item_at(l, i), item_at(l, i) + 1, 1);
}
