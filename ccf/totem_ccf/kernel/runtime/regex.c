/* Regular expressions by the tables of totem_sdk.regex.automaton: a pass from the text's end that notes the state of each
 * place, and a pass forward that never goes back. The states of long texts are kept for BLOCK bytes at a time, and of
 * every block the state behind it, so each byte is passed three times at most. */
#include "runtime.h"

#define BLOCK 32768u
#define BLOCKS (131072u + 1)
#define MOST_GROUPS 20
#define BEGIN 0u
#define BEGIN_LONGER 1u
#define DONE 0xfffeu
#define DEAD 0xffffu

typedef struct {
    u32 classes, kinds, points, first_kind, last_state, bounds, groups;
    const u64 *actions;
    const u32 *forward, *starts, *back;
    const u8 *ascii, *class_of_bound, *kind_of;
} machine;

typedef struct {
    machine m;
    const u8 *start, *end, *block;
    const u8 *at;
    u32 kind;
    i64 characters;
    const u8 *where[2 * MOST_GROUPS + 2];
    i64 place[2 * MOST_GROUPS + 2];
} walk;

/* A state is known by its rows in the tables: of each place the row in `forward`, behind each block the one in `back`. */
static unsigned short states[BLOCK + 4];
static unsigned short behind[BLOCKS];

static void read_tables(machine *m, u32 address) {
    const u32 *head = (const u32 *)address;
    m->classes = head[0], m->kinds = head[1], m->points = head[2], m->first_kind = head[3], m->last_state = head[4];
    m->bounds = head[5], m->groups = head[6];
    m->actions = (const u64 *)(address + head[7]);
    m->forward = (const u32 *)(address + head[8]);
    m->starts = (const u32 *)(address + head[9]);
    m->back = (const u32 *)(address + head[10]);
    m->ascii = (const u8 *)(address + head[11]);
    m->class_of_bound = (const u8 *)(address + head[12]);
    m->kind_of = (const u8 *)(address + head[13]);
}

static u32 class_of(const machine *m, u32 code) {
    if (code < 128) return m->ascii[code];
    u32 low = 0, high = m->bounds;
    while (high - low > 1) {
        u32 middle = (low + high) / 2;
        if (m->starts[middle] <= code) low = middle; else high = middle;
    }
    return m->class_of_bound[low];
}

static const u8 *after(const u8 *p) {
    return p + (*p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4);
}

/* Notes the states of a block's places; returns the row of the first one in `back`. */
static u32 fill(walk *w, u32 number) {
    const u8 *from = w->start + number * BLOCK;
    const u8 *p = (u32)(w->end - from) > BLOCK ? from + BLOCK : w->end;
    while (p < w->end && (*p & 0xc0) == 0x80) p++;
    const machine *m = &w->m;
    const u32 *back = m->back;
    u32 row = behind[number];
    w->block = from;
    if (p == w->end) states[p - from] = (unsigned short)(m->last_state * m->kinds * m->points);
    while (p > from) {
        u32 class;
        if (p[-1] < 0x80) {
            class = m->ascii[*--p];
        } else {
            const u8 *first = p;
            u32 code = previous_code(&first);
            if (first < from) break;
            p = first;
            class = class_of(m, code);
        }
        row = back[(row & 0xffff) + class];
        states[p - from] = (unsigned short)(row >> 16);
    }
    return row & 0xffff;
}

static void prepare(walk *w, text t, u32 tables) {
    read_tables(&w->m, tables);
    w->start = w->at = text_start(t);
    w->end = w->start + text_size(t);
    w->kind = w->m.first_kind;
    w->characters = 0;
    u32 number = text_size(t) / BLOCK;
    behind[number] = (unsigned short)(w->m.last_state * w->m.classes);
    for (; number > 0; number--) behind[number - 1] = (unsigned short)fill(w, number);
    fill(w, 0);
}

static inline u32 entry(walk *w, u32 point) {
    u32 offset = (u32)(w->at - w->block);
    if (offset >= BLOCK) {
        fill(w, (u32)(w->at - w->start) / BLOCK);
        offset = (u32)(w->at - w->block);
    }
    return w->m.forward[states[offset] + w->kind * w->m.points + point];
}

static inline void advance(walk *w) {
    const u8 *p = w->at;
    if (w->m.kinds > 1) w->kind = w->m.kind_of[class_of(&w->m, *p < 0x80 ? *p : next_code(&p))];
    w->at = after(w->at);
    w->characters++;
}

static void keep(walk *w, u64 slots) {
    for (; slots; slots &= slots - 1) {
        u32 slot = (u32)__builtin_ctzll(slots);
        w->where[slot] = w->at;
        w->place[slot] = w->characters;
    }
}

/* Goes on within the block to the next place at which a match can begin, where nothing depends on what is before it. */
static inline void skip(walk *w) {
    const u32 *forward = w->m.forward + BEGIN;
    const u8 *p = w->at, *last = (u32)(w->end - w->block) < BLOCK ? w->end : w->block + BLOCK;
    i64 characters = 0;
    while (p < last && (forward[states[p - w->block]] & 0xffff) == DEAD) {
        p = after(p);
        characters++;
    }
    w->at = p;
    w->characters += characters;
}

/* Finds the match that begins here, or (anywhere) here or later; the walk is at its end then. */
static int find(walk *w, u32 point, int anywhere) {
    u32 found;
    while (((found = entry(w, point)) & 0xffff) == DEAD) {
        if (!anywhere || w->at == w->end) return 0;
        advance(w);
        point = BEGIN;
        if (w->m.kinds == 1) skip(w);
    }
    for (u32 i = 0; i < 2 * w->m.groups + 2; i++) w->where[i] = 0, w->place[i] = -1;
    keep(w, 1);
    for (;;) {
        if (found >> 16) keep(w, w->m.actions[found >> 16]);
        point = found & 0xffff;
        if (point == DONE) break;
        advance(w);
        found = entry(w, point);
    }
    keep(w, 2);
    return 1;
}

static text group(const walk *w, u32 number) {
    const u8 *first = w->where[2 * number], *last = w->where[2 * number + 1];
    return last ? text_of(first, (u32)(last - first)) : text_of(w->start, 0);
}

/* Whether there is a match; of it and its groups the text, where it begins and where it ends (in characters, -1 for a
 * group that is not in it) go to `result`, 64 bits each. */
EXPORT(regex_find) int regex_find(text t, u32 tables, int anywhere, u32 result) {
    walk w;
    prepare(&w, t, tables);
    if (!find(&w, BEGIN, anywhere)) return 0;
    u64 *out = (u64 *)result;
    for (u32 i = 0; i <= w.m.groups; i++) {
        *out++ = group(&w, i);
        *out++ = (u64)w.place[2 * i];
        *out++ = (u64)w.place[2 * i + 1];
    }
    return 1;
}

/* The texts of all matches, or of their only group. */
EXPORT(regex_all) u64 regex_all(text t, u32 tables, u32 where, u32 room) {
    walk w;
    prepare(&w, t, tables);
    word *items = (word *)where;
    u32 count = 0, point = BEGIN;
    while (find(&w, point, 1)) {
        if (count == room / 8) return NO_ROOM;
        items[count++] = group(&w, w.m.groups);
        point = w.where[0] == w.at ? BEGIN_LONGER : BEGIN;
    }
    return text_of((const u8 *)items, count);
}

/* The pieces between all matches. */
EXPORT(regex_split) u64 regex_split(text t, u32 tables, u32 where, u32 room) {
    walk w;
    prepare(&w, t, tables);
    word *items = (word *)where;
    u32 count = 0, point = BEGIN;
    const u8 *start = w.start;
    while (find(&w, point, 1)) {
        if (count == room / 8) return NO_ROOM;
        items[count++] = text_of(start, (u32)(w.where[0] - start));
        start = w.at;
        point = w.where[0] == w.at ? BEGIN_LONGER : BEGIN;
    }
    if (count == room / 8) return NO_ROOM;
    items[count++] = text_of(start, (u32)(w.end - start));
    return text_of((const u8 *)items, count);
}
