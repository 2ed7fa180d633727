/* Texts that outlive what they lay in (see docs/kernel.md, "Kept texts"): texts in fields on self, and texts in
 * registers when a group's next values overwrite the ones they came with. They are appended to one half of the kept
 * memory; when that is full, what is still referred to is copied to the other half. */
#include "runtime.h"

typedef struct {
    u64 value;
    u64 is_list;
} root;

enum { FIRST_LIMIT = 32 << 20 };

static u32 halves[2], half_size, current, used, limit;

/* Begins with nothing kept, in two halves of `size` bytes. */
EXPORT(kept_setup) void kept_setup(u32 first, u32 second, u32 size) {
    halves[0] = first;
    halves[1] = second;
    half_size = size;
    current = used = 0;
    limit = half_size < FIRST_LIMIT ? half_size : FIRST_LIMIT;
}

EXPORT(room_to_keep) int room_to_keep(u64 size) { return size <= limit - used; }

EXPORT(keep) text keep(text t) {
    u32 size = text_size(t);
    u8 *to = (u8 *)(halves[current] + used);
    copy_bytes(to, text_start(t), size);
    used += size;
    return text_of(to, size);
}

/* Texts that have to move: those from `from` on, in a region of `size` bytes. */
typedef struct {
    u32 from, size;
} region;

static int lies_in(text t, region r) { return text_size(t) && (u32)(t >> 32) - r.from < r.size; }

/* Keeps a text; traps if there is no room, which means that the provider's limit is too small for the program. */
static text moved(text t, region a, region b) {
    if (!lies_in(t, a) && !lies_in(t, b)) return t;
    if (text_size(t) > half_size - used) __builtin_trap();
    return keep(t);
}

static void move_roots(root *roots, root *end, region a, region b) {
    for (; roots < end; roots++) {
        if (!roots->is_list) {
            roots->value = moved(roots->value, a, b);
            continue;
        }
        word *items = (word *)text_start(roots->value);
        for (u32 i = 0; i < text_size(roots->value); i++) items[i] = moved(items[i], a, b);
    }
}

/* Moves what is alive (roots, and the fields whose addresses stand in `cells`) to the other half, so that `size` more
 * bytes fit. */
static void flip(root *roots, root *end, u64 **cells, u32 count, u64 size, region also) {
    region old = {halves[current], half_size};
    current = 1 - current;
    used = 0;
    for (u32 i = 0; i < count; i++) *cells[i] = moved(*cells[i], old, old);
    move_roots(roots, end, old, also);
    u64 wanted = 2 * (used + size);
    if (wanted < FIRST_LIMIT) wanted = FIRST_LIMIT;
    limit = wanted < half_size ? (u32)wanted : half_size;
    if (size > limit - used) __builtin_trap();
}

EXPORT(make_room) void make_room(root *roots, root *end, u64 **cells, u32 count, u64 size) {
    region none = {0, 0};
    flip(roots, end, cells, count, size, none);
}

/* Keeps what roots refer to from address `from` on: the input there is about to be overwritten. */
EXPORT(keep_input) void keep_input(u32 from, root *roots, root *end, u64 **cells, u32 count) {
    region input = {from, ~0u - from};
    u64 size = 0;
    for (root *r = roots; r < end; r++) {
        if (!r->is_list) {
            if (lies_in(r->value, input)) size += text_size(r->value);
            continue;
        }
        word *items = (word *)text_start(r->value);
        for (u32 i = 0; i < text_size(r->value); i++)
            if (lies_in(items[i], input)) size += text_size(items[i]);
    }
    region none = {0, 0};
    if (room_to_keep(size)) move_roots(roots, end, input, none);
    else flip(roots, end, cells, count, 0, input);
}
