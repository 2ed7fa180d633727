/* The arena: what operations make, one after the other, and the header of a list in it. */
#ifndef TOTEM_ARENA_H
#define TOTEM_ARENA_H

#include "runtime.h"

/* A list, or a deque (deques.c): `front` items have room in front of the first one, and `bound` is one more than the
 * most items that it may have, 0 if there is no such number. */
typedef struct {
    u32 count, room, items, words;
    u64 bytes; /* of all texts in the items */
    u32 front, bound;
} list;

enum { LIST_BYTES = 16, ENTRY_BYTES = 8 };

/* A dict: a list of its entries, each a key and its value, in the order in which keys came; where each key is stands in
 * a table, which is made when it is first needed (dicts.c). */
typedef struct {
    list entries;
    u32 table, slots, filled, changes;
} dict;

/* The arena's cells: the address of the first free byte, and the logical bytes that the running call has made. */
extern u32 *arena, arena_start;

static inline u32 item_bytes(const list *l) { return 8 * l->words; }
static inline u64 *item_at(const list *l, u32 i) { return (u64 *)(l->items + i * item_bytes(l)); }

/* Counts logical bytes that are about to be made; 0: that many are not left. */
int counted(u64 size);

/* A place of so many bytes at the arena's end. */
u32 take(u32 size);

/* Makes room for so many items, which are counted elsewhere. */
void reserve(list *l, u32 count);

/* A new list with room for so many items, which are counted; 0: no memory. */
list *with_room(u32 words, u64 count);

text arena_text(text t);

/* Adds so many items of another list, for which memory was counted. */
void add_items(list *l, const list *more, u32 count);

/* The place of a new item with texts of so many bytes, at the end; 0: no memory. */
u64 *list_append(list *l, u64 bytes);

/* Adds all items of another list, or of the same; 0: no memory. */
int list_extend(list *l, const list *more);

/* Turns the order of the items from one place to before another. */
void turn(list *l, u32 first, u32 end);

/* The bytes of the texts of one item; moves both behind it. */
u64 texts_of(const u8 **shape, const u64 **item);

/* The bytes of the texts of an item of a shape. */
u64 bytes_at(text shape, const u64 *item);

/* 0 if two values of a shape are equal (lists.c: order). */
int stands(text shape, const u64 *a, const u64 *b);

#endif
