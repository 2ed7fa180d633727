/* Lists in fields on self (docs/adr/0020-containers.md): they stay in the arena from call to call. When much was made
 * since the last time, what fields refer to is copied behind everything else and moved to the arena's start.
 *
 * A field's shape is that of an item of a list (lists.c), but that behind an `a` stands the shape of the list's items, behind
 * a `d` that of a dict's entries. */
#include "arena.h"

enum { HELD_LIMIT = 32 << 20 };

/* Logical bytes that were made since the last copy, that fields held then, and that may be made beyond twice those. */
static u64 made, held, unheld;

/* The copy begins at `first` and goes on at `next`; at the end it lies where the arena starts. */
static u32 first, next;

EXPORT(heap_setup) void heap_setup(u64 size) {
    made = held = 0;
    unheld = size;
}

/* Begins a call of a step function: its logical bytes are counted from 0. */
EXPORT(heap_call) void heap_call(void) {
    made += arena[1];
    arena[1] = 0;
}

/* Whether what fields hold is to be copied. */
EXPORT(heap_due) int heap_due(void) { return made > 2 * held + unheld; }

EXPORT(heap_begin) void heap_begin(void) {
    first = next = (arena[0] + 7) & ~7u;
    held = 0;
}

static u32 lasting(u32 place) { return place - first + arena_start; }

static void copy_value(const u8 **shape, u64 **slot);

void skip_shape(const u8 **shape) {
    const u8 *p = *shape;
    for (u32 depth = 0;;) {
        u8 kind = *p++;
        if (kind == '(') depth++;
        if (kind == ')') depth--;
        if (!depth && kind != '?' && kind != 'a' && kind != 'd') break;
    }
    *shape = p;
}

/* Copies a list or dict, once; returns where it will be. What was copied has no words, and its new address. The table
 * of a dict is left behind: a new one is made when it is needed. */
static u32 copy_list(list *l, const u8 *shape, int is_dict) {
    if (!l->words) return l->items;
    u32 size = 8 * l->words * l->count;
    held += LIST_BYTES + size + l->bytes + (is_dict ? (u64)ENTRY_BYTES * l->count : 0);
    if (held > HELD_LIMIT) return 0;
    list *to = (list *)((next + 7) & ~7u);
    u64 *item = (u64 *)((u32)to + (is_dict ? sizeof(dict) : sizeof(list)));
    next = (u32)item + size;
    copy_bytes((u8 *)item, (const u8 *)l->items, size);
    if (is_dict) {
        dict *d = (dict *)to;
        *d = *(const dict *)l;
        d->slots = d->filled = 0;
    } else {
        *to = *l;
    }
    to->room = l->count;
    to->front = 0;
    to->items = lasting((u32)item);
    l->items = lasting((u32)to);
    l->words = 0;
    for (u32 i = 0; i < to->count && held <= HELD_LIMIT; i++) {
        const u8 *each = shape;
        u64 *slot = item + i * to->words;
        copy_value(&each, &slot);
    }
    return lasting((u32)to);
}

/* Copies what a value refers to; moves shape and slot behind it. */
static void copy_value(const u8 **shape, u64 **slot) {
    switch (*(*shape)++) {
    case 'z': return;
    case 'n': *slot += 2; return;
    case 's': {
        text t = *(*slot)++;
        u32 size = text_size(t);
        if (!size) return;
        copy_bytes((u8 *)next, text_start(t), size);
        (*slot)[-1] = text_of((u8 *)lasting(next), size);
        next += size;
        return;
    }
    case 'a':
    case 'd': {
        int is_dict = (*shape)[-1] == 'd';
        const u8 *items = *shape;
        skip_shape(shape);
        list *l = (list *)(u32)*(*slot)++;
        (*slot)[-1] = copy_list(l, items, is_dict);
        return;
    }
    case '?': (*slot)++; copy_value(shape, slot); return; /* an absent text is empty; a list is never absent */
    case '(':
        while (**shape != ')') copy_value(shape, slot);
        (*shape)++;
        return;
    default: (*slot)++; return;
    }
}

/* Copies what the field at a place refers to; a field of texts that is not a list keeps them elsewhere (kept.c). */
EXPORT(heap_keep) void heap_keep(u64 *slot, text shape) {
    const u8 *s = text_start(shape);
    copy_value(&s, &slot);
}

/* Moves the copy to the arena's start; returns whether fields hold no more than they may. */
EXPORT(heap_end) int heap_end(void) {
    if (held > HELD_LIMIT) return 0;
    __builtin_memmove((u8 *)arena_start, (const u8 *)first, next - first);
    arena[0] = lasting(next);
    made = held;
    return 1;
}
