/* Lists that can be changed (docs/adr/0020-containers.md): a header and a block of items in the arena. An item is 8 bytes
 * for each slot; its *shape* says what they are:
 *
 *   i  an int, date or datetime    f  a float    b  a bool    s  a text    n  a number: tag, bits    a  a list
 *   ?  an option: presence, then what follows    (…)  a tuple    z  none (no slot)
 *
 * What a function allocates is counted in logical bytes before it is done; 0 says that there is no memory left. */
#include "arena.h"

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
    made->front = made->bound = 0;
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
        u32 front = l->front < l->count ? l->front : l->count, place = take((front + room) * size) + front * size;
        copy_bytes((u8 *)place, (u8 *)l->items, l->count * size);
        l->items = place;
        l->front = front;
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

void add_items(list *l, const list *more, u32 count) {
    u32 start = l->count;
    reserve(l, start + count);
    copy_bytes((u8 *)item_at(l, start), (u8 *)more->items, count * item_bytes(l));
    l->count = start + count;
}

EXPORT(list_extend) int list_extend(list *l, const list *more) {
    u32 count = more->count;
    u64 bytes = more->bytes;
    if (!counted((u64)item_bytes(l) * count)) return 0;
    add_items(l, more, count);
    l->bytes += bytes;
    return 1;
}

EXPORT(list_add) list *list_add(const list *a, const list *b) {
    list *made = with_room(a->words, (u64)a->count + b->count);
    if (!made) return 0;
    add_items(made, a, a->count);
    add_items(made, b, b->count);
    made->bytes = a->bytes + b->bytes;
    return made;
}

EXPORT(list_times) list *list_times(const list *l, i64 number) {
    if (number < 0) number = 0;
    if (l->count && number > LOGICAL_LIMIT) return 0;
    list *made = with_room(l->words, l->count * (u64)number);
    if (!made) return 0;
    if (number) add_items(made, l, l->count);
    /* What is there already is copied: half of what there will be, or what is left. */
    for (u64 left = l->count * (u64)number - made->count; left;) {
        u32 count = left < made->count ? (u32)left : made->count;
        add_items(made, made, count);
        left -= count;
    }
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

u64 texts_of(const u8 **shape, const u64 **item) {
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
    u32 count = (u32)wanted.count, size = item_bytes(l);
    u8 *to = (u8 *)made->items;
    if (wanted.step == 1) copy_bytes(to, (u8 *)item_at(l, (u32)wanted.start), count * size);
    else
        for (u32 i = 0; i < count; i++) copy_bytes(to + i * size, (u8 *)item_at(l, (u32)(wanted.start + i * wanted.step)), size);
    made->count = count;
    if (count == l->count) made->bytes = l->bytes;
    else
        for (u32 i = 0; l->bytes && i < count; i++) made->bytes += bytes_at(shape, item_at(made, i));
    return made;
}

void turn(list *l, u32 first, u32 end) {
    while (first + 1 < end) {
        u64 *a = item_at(l, first++), *b = item_at(l, --end);
        for (u32 k = 0; k < l->words; k++) {
            u64 kept = a[k];
            a[k] = b[k];
            b[k] = kept;
        }
    }
}

EXPORT(list_reverse) void list_reverse(list *l) { turn(l, 0, l->count); }

void sum_begin(void);
void sum_nums(const u8 *tags, const u64 *bits, u32 count);

/* Adds up the tagged numbers of a list; the result is asked for as of a group's values. */
EXPORT(list_sum_nums) void list_sum_nums(const list *l) {
    sum_begin();
    for (u32 i = 0; i < l->count; i++) sum_nums((const u8 *)item_at(l, i), item_at(l, i) + 1, 1);
}
