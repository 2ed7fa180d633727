/* Lists and dicts as texts, between phases (totem_sdk/packed.py has the form). A shape is a field's (heap.c): behind an `a`
 * stands that of the list's items, behind a `d` that of the dict's entries, which it has as a list. What is read is
 * checked: a trap if it is not a packed list. */
#include "arena.h"

enum { MANY = 1 << 26 };

u64 *list_append(list *l, u64 bytes);
list *list_new(u32 words);
dict *dict_new(u32 words);
u64 *dict_append(dict *d, u64 bytes);
text arena_text(text t);
void skip_shape(const u8 **shape);

/* Items and bytes of texts in a list and in all lists in it. */
static u64 items, bytes;

static void measure(const list *l, const u8 *shape);

/* Moves both behind the value. */
static void measure_value(const u8 **shape, const u64 **slot) {
    switch (*(*shape)++) {
    case 'z': return;
    case 'n': *slot += 2; return;
    case 's': bytes += text_size(*(*slot)++); return;
    case 'a':
    case 'd': {
        const u8 *each = *shape;
        skip_shape(shape);
        measure((const list *)(u32)*(*slot)++, each);
        return;
    }
    case '?': (*slot)++; measure_value(shape, slot); return; /* an absent text is empty; a list is never absent */
    case '(':
        while (**shape != ')') measure_value(shape, slot);
        (*shape)++;
        return;
    default: (*slot)++; return;
    }
}

static int has_lists(const u8 *shape) {
    const u8 *end = shape;
    skip_shape(&end);
    while (shape < end)
        if (*shape == 'a' || *shape++ == 'd') return 1;
    return 0;
}

static void measure(const list *l, const u8 *shape) {
    items += l->count;
    if (!has_lists(shape)) {
        bytes += l->bytes;
        return;
    }
    for (u32 i = 0; i < l->count && items < MANY; i++) {
        const u8 *each = shape;
        const u64 *slot = (const u64 *)(l->items + i * 8 * l->words);
        measure_value(&each, &slot);
    }
}

EXPORT(packed_items) i64 packed_items(const list *l, text shape) {
    items = bytes = 0;
    measure(l, text_start(shape) + 1);
    return items < MANY ? (i64)items : MANY;
}

/* As of the last call of packed_items. */
EXPORT(packed_bytes) i64 packed_bytes(void) { return items < MANY ? (i64)bytes : 0; }

static u8 *at, *end;

/* The longest number has 13 digits: there is always room for one behind the end. */
static void put_number(u64 number) {
    while (number >= 32) {
        *at++ = (u8)(0x40 | (number & 31));
        number >>= 5;
    }
    *at++ = (u8)(0x60 | number);
}

static void put_int(i64 number) { put_number((u64)number << 1 ^ (u64)(number >> 63)); }

static void put_float(u64 bits) {
    if (double_of(bits) != double_of(bits)) bits = 0x7ff8000000000000;
    put_number(__builtin_bswap64(bits));
}

static void put_list(const list *l, const u8 *shape);

static void put_value(const u8 **shape, const u64 **slot) {
    if (at > end) {
        skip_shape(shape);
        return;
    }
    switch (*(*shape)++) {
    case 'z': put_number(0); return;
    case 'i': put_int((i64)*(*slot)++); return;
    case 'f': put_float(*(*slot)++); return;
    case 'b': put_number((u32)*(*slot)++); return;
    case 'n': {
        u32 tag = (u32)*(*slot)++;
        put_number(tag);
        if (tag) put_float(*(*slot)++);
        else put_int((i64)*(*slot)++);
        return;
    }
    case 's': {
        text t = *(*slot)++;
        put_number(text_size(t));
        if (at > end || text_size(t) > (u32)(end - at)) {
            at = end + 1;
            return;
        }
        copy_bytes(at, text_start(t), text_size(t));
        at += text_size(t);
        return;
    }
    case 'a':
    case 'd': {
        const u8 *each = *shape;
        skip_shape(shape);
        put_list((const list *)(u32)*(*slot)++, each);
        return;
    }
    case '?': {
        u32 present = (u32)*(*slot)++;
        put_number(present);
        if (present) {
            put_value(shape, slot);
            return;
        }
        const u8 *again = *shape;
        measure_value(&again, slot);
        skip_shape(shape);
        return;
    }
    case '(':
        while (**shape != ')') put_value(shape, slot);
        (*shape)++;
        return;
    }
    __builtin_trap();
}

static void put_list(const list *l, const u8 *shape) {
    put_number(l->count);
    for (u32 i = 0; i < l->count && at <= end; i++) {
        const u8 *each = shape;
        const u64 *slot = (const u64 *)(l->items + i * 8 * l->words);
        put_value(&each, &slot);
    }
}

/* Writes the packed list to a place with room for so many bytes; NO_ROOM if it has more. */
EXPORT(list_pack) u64 list_pack(const list *l, text shape, u8 *to, u32 room) {
    at = to;
    end = to + room;
    put_list(l, text_start(shape) + 1);
    return at > end ? NO_ROOM : text_of(to, (u32)(at - to));
}

static u64 take_number(void) {
    u64 number = 0;
    for (u32 shift = 0; at < end && shift < 65; shift += 5) {
        u8 digit = *at++;
        if (digit < 0x40 || digit > 0x7f) break;
        number |= (u64)(digit & 31) << shift;
        if (digit & 0x20) return number;
    }
    __builtin_trap();
}

static i64 take_int(void) {
    u64 number = take_number();
    return (i64)(number >> 1 ^ (0 - (number & 1)));
}

static u32 words_of(const u8 *shape) {
    const u8 *stop = shape;
    skip_shape(&stop);
    u32 words = 0;
    for (; shape < stop; shape++) {
        if (*shape == 'n') words += 2;
        else if (*shape == 'a' || *shape == 'd') {
            words++;
            skip_shape(&shape);
            shape--;
        } else if (*shape != 'z' && *shape != '(' && *shape != ')') words++;
    }
    return words ? words : 1;
}

static list *take_list(const u8 *shape, int is_dict);

static u64 put_bytes; /* of the texts of the item that is read */

/* Reads a value into its slots; 0 if there is no memory left. Moves both behind it. */
static int take_value(const u8 **shape, u64 **slot) {
    switch (*(*shape)++) {
    case 'z': take_number(); return 1;
    case 'i': *(*slot)++ = (u64)take_int(); return 1;
    case 'f': *(*slot)++ = __builtin_bswap64(take_number()); return 1;
    case 'b': *(*slot)++ = take_number() & 1; return 1;
    case 'n': {
        u64 tag = take_number() & 1;
        *(*slot)++ = tag;
        *(*slot)++ = tag ? __builtin_bswap64(take_number()) : (u64)take_int();
        return 1;
    }
    case 's': {
        u64 size = take_number();
        if (size > (u64)(end - at)) __builtin_trap();
        *(*slot)++ = text_of(at, (u32)size);
        at += size;
        put_bytes += size;
        return 1;
    }
    case 'a':
    case 'd': {
        int is_dict = (*shape)[-1] == 'd';
        const u8 *each = *shape;
        skip_shape(shape);
        list *l = take_list(each, is_dict);
        *(*slot)++ = (u32)l;
        return l != 0;
    }
    case '?': {
        if (take_number()) {
            *(*slot)++ = 1;
            return take_value(shape, slot);
        }
        const u8 *stop = *shape;
        *(*slot)++ = 0;
        u32 words = words_of(*shape);
        skip_shape(&stop);
        /* An item of none is no option: there is always a slot. */
        for (u32 i = 0; i < words; i++) *(*slot)++ = 0;
        *shape = stop;
        return 1;
    }
    case '(':
        while (**shape != ')')
            if (!take_value(shape, slot)) return 0;
        (*shape)++;
        return 1;
    }
    __builtin_trap();
}

/* Puts the texts of an item to where its list is. */
static void settle(const u8 *shape, u64 *slot) {
    const u8 *stop = shape;
    for (skip_shape(&stop); shape < stop;) {
        switch (*shape++) {
        case '(': case ')': case 'z': continue;
        case 'n': slot += 2; continue;
        case 's': *slot = arena_text(*slot); slot++; continue;
        case 'a':
        case 'd': skip_shape(&shape); slot++; continue;
        default: slot++;
        }
    }
}

enum { MOST_WORDS = 256 };

/* The keys of a dict are those of one that was packed: all different. Its table is made when it is needed. */
static list *take_list(const u8 *shape, int is_dict) {
    u64 count = take_number(), kept[MOST_WORDS];
    u32 words = words_of(shape);
    list *made = is_dict ? (list *)dict_new(words) : list_new(words);
    if (!made || made->words > MOST_WORDS) return 0;
    for (u64 i = 0; i < count; i++) {
        const u8 *each = shape;
        u64 *slot = kept, before = put_bytes;
        put_bytes = 0;
        if (!take_value(&each, &slot)) return 0;
        u64 *item = is_dict ? dict_append((dict *)made, put_bytes) : list_append(made, put_bytes);
        if (!item) return 0;
        for (u32 word = 0; word < made->words; word++) item[word] = kept[word];
        put_bytes = before;
        settle(shape, item);
    }
    return made;
}

/* The list or dict that was packed; 0 if there is no memory left. */
EXPORT(list_unpack) list *list_unpack(text packed, text shape) {
    at = text_start(packed);
    end = at + text_size(packed);
    put_bytes = 0;
    list *made = take_list(text_start(shape) + 1, *text_start(shape) == 'd');
    if (made && at != end) __builtin_trap();
    return made;
}
