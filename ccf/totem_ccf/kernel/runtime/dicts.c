/* Dicts (docs/adr/0020-containers.md): entries in the order in which keys came, and a table of their numbers, open
 * addressing with linear probing. Keys are hashed with SipHash-1-3 under a secret of the attempt, so nobody can choose
 * keys that collide; neither an order nor a charge depends on it.
 *
 * What a function allocates is counted in logical bytes before it is done; 0 says that there is no memory left. */
#include "arena.h"

enum { GONE = 0xffffffff, FIRST_SLOTS = 8 };

static u64 secret;

EXPORT(dict_setup) void dict_setup(u64 seed) { secret = seed; }

typedef struct { u64 a, b, c, d; } state;

static u64 turned(u64 x, u32 by) { return x << by | x >> (64 - by); }

static void mix(state *s) {
    s->a += s->b; s->b = turned(s->b, 13) ^ s->a; s->a = turned(s->a, 32);
    s->c += s->d; s->d = turned(s->d, 16) ^ s->c;
    s->a += s->d; s->d = turned(s->d, 21) ^ s->a;
    s->c += s->b; s->b = turned(s->b, 17) ^ s->c; s->c = turned(s->c, 32);
}

static void absorb(state *s, u64 value) {
    s->d ^= value;
    mix(s);
    s->a ^= value;
}

static void absorb_text(state *s, text t) {
    const u8 *p = text_start(t);
    u32 size = text_size(t), left = size;
    for (; left >= 8; left -= 8, p += 8) absorb(s, *(const word *)p);
    u64 last = (u64)size << 56;
    for (u32 i = 0; i < left; i++) last |= (u64)p[i] << 8 * i;
    absorb(s, last);
}

/* Keys have ints, bools, dates and texts in them, and tuples of those. */
static u32 hash_of(text shape, const u64 *key) {
    u64 other = secret * 0x9e3779b97f4a7c15ull;
    state s = {secret ^ 0x736f6d6570736575ull, other ^ 0x646f72616e646f6dull, secret ^ 0x6c7967656e657261ull,
               other ^ 0x7465646279746573ull};
    const u8 *kind = text_start(shape), *end = kind + text_size(shape);
    for (; kind < end; kind++) {
        switch (*kind) {
        case '(': case ')': case 'z': break;
        case 's': absorb_text(&s, *key++); break;
        case 'b': absorb(&s, (u32)*key++); break;
        default: absorb(&s, *key++);
        }
    }
    s.c ^= 0xff;
    mix(&s); mix(&s); mix(&s);
    u64 hash = s.a ^ s.b ^ s.c ^ s.d;
    return (u32)(hash ^ hash >> 32);
}

static void enter_number(dict *d, u32 hash, u32 number) {
    u32 *table = (u32 *)d->table, at = hash & (d->slots - 1);
    while (table[at]) at = (at + 1) & (d->slots - 1);
    table[at] = number + 1;
    d->filled++;
}

/* Makes a table with room for so many keys, at least those that are there. */
static void make_table(dict *d, u32 count, text shape) {
    u32 slots = FIRST_SLOTS;
    while (2 * (u64)slots < 3 * (u64)count) slots *= 2;
    d->table = take(4 * slots);
    d->slots = slots;
    d->filled = 0;
    __builtin_memset((u32 *)d->table, 0, 4 * slots);
    for (u32 i = 0; i < d->entries.count; i++) enter_number(d, hash_of(shape, item_at(&d->entries, i)), i);
}

/* The entry of a key (its own comes first in it), or 0. */
EXPORT(dict_find) u64 *dict_find(dict *d, const u64 *key, text shape) {
    if (!d->entries.count) return 0;
    if (!d->slots) {
        /* The key may lie where the table comes. */
        u64 kept[64];
        u32 words = d->entries.words < 64 ? d->entries.words : 64;
        copy_bytes((u8 *)kept, (const u8 *)key, 8 * words);
        make_table(d, d->entries.count, shape);
        return dict_find(d, kept, shape);
    }
    const u32 *table = (const u32 *)d->table;
    for (u32 at = hash_of(shape, key) & (d->slots - 1); table[at]; at = (at + 1) & (d->slots - 1)) {
        if (table[at] == GONE) continue;
        u64 *entry = item_at(&d->entries, table[at] - 1);
        if (!stands(shape, entry, key)) return entry;
    }
    return 0;
}

EXPORT(dict_new) dict *dict_new(u32 words) {
    if (!counted(LIST_BYTES)) return 0;
    dict *made = (dict *)take(sizeof(dict));
    __builtin_memset(made, 0, sizeof(dict));
    made->entries.words = words;
    return made;
}

/* The place of a new entry; its table has it when `enter_last` has been told the key's hash. */
static u64 *new_entry(dict *d, u64 bytes) {
    if (!counted(ENTRY_BYTES + item_bytes(&d->entries) + bytes)) return 0;
    reserve(&d->entries, d->entries.count + 1);
    d->entries.bytes += bytes;
    d->changes++;
    return item_at(&d->entries, d->entries.count++);
}

/* The place of an entry behind the others, of a dict that has no table yet and not this key; 0 if there is no memory. */
u64 *dict_append(dict *d, u64 bytes) { return new_entry(d, bytes); }

static void enter_last(dict *d, text shape) {
    u32 last = d->entries.count - 1;
    if (2 * (u64)d->slots < 3 * ((u64)d->filled + 1)) make_table(d, d->slots ? 2 * d->entries.count : 1, shape);
    else enter_number(d, hash_of(shape, item_at(&d->entries, last)), last);
}

/* The entry of a key that may be new: its value is to be written, with texts of so many bytes. */
EXPORT(dict_enter) u64 *dict_enter(dict *d, const u64 *key, text shape, text value_shape, u32 key_words, u64 bytes) {
    /* The key may lie where something is made. */
    u64 kept[64];
    copy_bytes((u8 *)kept, (const u8 *)key, 8 * key_words);
    u64 *entry = dict_find(d, kept, shape);
    if (entry) {
        if (!counted(bytes)) return 0;
        d->entries.bytes += bytes - bytes_at(value_shape, entry + key_words);
        return entry;
    }
    entry = new_entry(d, bytes + bytes_at(shape, kept));
    if (!entry) return 0;
    u64 *slot = entry;
    const u64 *from = kept;
    for (const u8 *kind = text_start(shape), *end = kind + text_size(shape); kind < end; kind++) {
        if (*kind == '(' || *kind == ')' || *kind == 'z') continue;
        *slot++ = *kind == 's' ? arena_text(*from) : *from;
        from++;
    }
    enter_last(d, shape);
    return entry;
}

/* Takes out an entry with texts of so many bytes; those behind it move up. */
EXPORT(dict_remove) void dict_remove(dict *d, u64 *entry, u64 bytes) {
    list *l = &d->entries;
    u32 number = ((u32)entry - l->items) / item_bytes(l), *table = (u32 *)d->table;
    for (u32 i = 0; i < d->slots; i++) {
        if (table[i] == number + 1) table[i] = GONE;
        else if (table[i] != GONE && table[i] > number + 1) table[i]--;
    }
    l->count--;
    l->bytes -= bytes;
    d->changes++;
    __builtin_memmove(entry, entry + l->words, (l->count - number) * item_bytes(l));
}

EXPORT(dict_clear) void dict_clear(dict *d) {
    d->changes += d->entries.count > 0;
    d->entries.count = d->slots = 0;
    d->entries.bytes = 0;
}

EXPORT(dict_copy) dict *dict_copy(const dict *d) {
    const list *l = &d->entries;
    if (!counted((u64)(ENTRY_BYTES + item_bytes(l)) * l->count)) return 0;
    dict *made = dict_new(l->words);
    if (!made) return 0;
    if (l->count) reserve(&made->entries, l->count);
    copy_bytes((u8 *)made->entries.items, (const u8 *)l->items, l->count * item_bytes(l));
    made->entries.count = l->count;
    made->entries.bytes = l->bytes;
    return made;
}

EXPORT(dict_update) int dict_update(dict *d, const dict *more, text shape, text value_shape, u32 key_words) {
    const list *l = &more->entries;
    u32 changes = d->changes, value_bytes = item_bytes(l) - 8 * key_words;
    for (u32 i = 0; i < l->count; i++) {
        const u64 *from = item_at(l, i);
        u64 bytes = bytes_at(value_shape, from + key_words), *entry = dict_find(d, from, shape);
        if (entry) {
            d->entries.bytes += bytes - bytes_at(value_shape, entry + key_words);
            if (entry != from) copy_bytes((u8 *)(entry + key_words), (const u8 *)(from + key_words), value_bytes);
            continue;
        }
        /* Texts are shared: they are counted in the dict, but not made. */
        if (!(entry = new_entry(d, 0))) return 0;
        d->entries.bytes += bytes + bytes_at(shape, from);
        copy_bytes((u8 *)entry, (const u8 *)from, item_bytes(l));
        enter_last(d, shape);
    }
    d->changes = changes + (d->changes != changes);
    return 1;
}

/* A list of a part of each entry: so many words from a word on, of a shape. */
EXPORT(dict_list) list *dict_list(const dict *d, u32 from, u32 words, text shape) {
    const list *l = &d->entries;
    list *made = with_room(words ? words : 1, l->count);
    if (!made) return 0;
    for (u32 i = 0; i < l->count; i++) {
        const u64 *part = item_at(l, i) + from;
        copy_bytes((u8 *)item_at(made, i), (const u8 *)part, 8 * words);
        made->bytes += bytes_at(shape, part);
    }
    made->count = l->count;
    return made;
}
