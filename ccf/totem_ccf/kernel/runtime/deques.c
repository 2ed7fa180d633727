/* Deques: lists with room in front of the first item, and with a bound. What only reads a list reads them as well.
 *
 * An end that is out of room gets as much as there are items, and the other end keeps what it has of that: so an item
 * is moved a few times at most for each that was put in, whichever ends are used, and the room stays below four times
 * what was counted for them. */
#include "arena.h"

enum { FIRST_FRONT = 4 };

static list *bounded(list *d, i64 most) {
    if (d) d->bound = most < 0 || most >= 0xffffffff ? 0 : (u32)most + 1;
    return d;
}

/* Takes items from the left whose texts have so many bytes. */
static void drop_left(list *d, u32 count, u64 bytes) {
    d->items += count * item_bytes(d);
    d->front += count;
    d->room -= count;
    d->count -= count;
    d->bytes -= bytes;
}

static inline u64 texts_at(const list *d, u32 i, text shape) {
    const u64 *item = item_at(d, i);
    return !d->bytes ? 0 : *text_start(shape) == 's' ? text_size(*item) : bytes_at(shape, item);
}

/* Drops items from the left until there are no more than there may be. */
static void keep_bound(list *d, text shape) {
    if (!d->bound || d->count < d->bound) return;
    u32 count = d->count - d->bound + 1;
    u64 bytes = 0;
    for (u32 i = 0; i < count; i++) bytes += texts_at(d, i, shape);
    drop_left(d, count, bytes);
}

/* A new deque of at most so many items; below 0: of any number. */
EXPORT(deque_new) list *deque_new(u32 words, i64 most) { return bounded(with_room(words, 0), most); }

EXPORT(deque_of) list *deque_of(const list *l, i64 most, text shape) {
    list *made = bounded(with_room(l->words, l->count), most);
    if (!made) return 0;
    add_items(made, l, l->count);
    made->bytes = l->bytes;
    keep_bound(made, shape);
    return made;
}

/* The place of a new item with texts of so many bytes, at the right end; 0: no memory. */
EXPORT(deque_append) u64 *deque_append(list *d, u64 bytes, text shape) {
    u64 *place = list_append(d, bytes);
    if (place && d->count == d->bound) {
        /* The item itself is not written yet: what it has of texts is known from `bytes` alone. */
        if (d->count == 1) drop_left(d, 1, bytes);
        else keep_bound(d, shape);
    }
    return place;
}

static void make_front(list *d) {
    u32 size = item_bytes(d), front = d->count < FIRST_FRONT ? FIRST_FRONT : d->count;
    u32 spare = d->room - d->count < d->count ? d->room - d->count : d->count;
    u32 place = take((front + d->count + spare) * size) + front * size;
    copy_bytes((u8 *)place, (u8 *)d->items, d->count * size);
    d->items = place;
    d->front = front;
    d->room = d->count + spare;
}

EXPORT(deque_appendleft) u64 *deque_appendleft(list *d, u64 bytes, text shape) {
    if (!counted(item_bytes(d) + bytes)) return 0;
    if (!d->front) make_front(d);
    d->items -= item_bytes(d);
    d->front--;
    d->room++;
    d->count++;
    d->bytes += bytes;
    if (d->count == d->bound) {
        d->count--;
        d->bytes -= d->count ? texts_at(d, d->count, shape) : bytes;
    }
    return item_at(d, 0);
}

/* Takes the first item, whose texts have so many bytes. */
EXPORT(deque_popleft) void deque_popleft(list *d, u64 bytes) { drop_left(d, 1, bytes); }

EXPORT(deque_extend) int deque_extend(list *d, const list *more, text shape) {
    if (!list_extend(d, more)) return 0;
    keep_bound(d, shape);
    return 1;
}

EXPORT(deque_rotate) void deque_rotate(list *d, i64 steps) {
    if (d->count < 2) return;
    i64 by = steps % (i64)d->count;
    u32 first = (u32)(by < 0 ? by + d->count : by);
    if (!first) return;
    turn(d, 0, d->count);
    turn(d, 0, first);
    turn(d, first, d->count);
}
