/* A text as JSON (json.dumps), and sorting a list by the JSON texts of its items (abstract machine, §6), which nobody
 * writes: two values are compared part by part, as far as their texts are the same. What they are is said by their
 * shape, as in lists.c, but for
 *
 *   u…)  a union: its options, of which at most one is there */
#include "merging.h"

text int_text(i64 value, u32 where, u32 room);
text float_text(double value, u32 where, u32 room);

enum { ESCAPED = 16, NUMBER = 40 };

static int sign_of(i32 difference) { return (difference > 0) - (difference < 0); }

/* How the bytes of two texts stand to each other, neither of which is the beginning of the other unless they are one. */
static int bytes_order(const u8 *a, const u8 *b, u32 size_a, u32 size_b) {
    for (u32 i = 0; i < size_a && i < size_b; i++)
        if (a[i] != b[i]) return sign_of((i32)a[i] - (i32)b[i]);
    return sign_of((i32)size_a - (i32)size_b);
}

static u8 *put_unit(u8 *to, u32 unit) {
    *to++ = '\\';
    *to++ = 'u';
    for (i32 shift = 12; shift >= 0; shift -= 4) *to++ = (u8)"0123456789abcdef"[unit >> shift & 15];
    return to;
}

/* Writes the character at a place of a text as JSON has it, at the text's end what ends it; returns how many bytes. */
static u32 put_character(u8 *to, const u8 *at, const u8 *end) {
    static const u8 named[] = "\"\\\n\r\t\f\b", names[] = "\"\\nrtfb";
    u8 *start = to;
    if (at == end) {
        *to++ = '"';
        return 1;
    }
    u32 code = next_code(&at);
    for (u32 i = 0; i < sizeof named - 1; i++)
        if (code == named[i]) {
            *to++ = '\\';
            *to++ = names[i];
            return 2;
        }
    if (code >= ' ' && code <= '~') {
        *to++ = (u8)code;
    } else if (code < 0x10000) {
        to = put_unit(to, code);
    } else {
        to = put_unit(to, 0xd800 + ((code - 0x10000) >> 10));
        to = put_unit(to, 0xdc00 + ((code - 0x10000) & 0x3ff));
    }
    return (u32)(to - start);
}

/* The first difference of two texts, after which the texts of their characters decide. */
static int texts_order(text a, text b) {
    const u8 *x = text_start(a), *y = text_start(b), *end_x = x + text_size(a), *end_y = y + text_size(b);
    while (x < end_x && y < end_y && *x == *y) x++, y++;
    if (x == end_x && y == end_y) return 0;
    /* Back to where the character begins. */
    while (x > text_start(a) && ((x < end_x && (*x & 0xc0) == 0x80) || (y < end_y && (*y & 0xc0) == 0x80))) x--, y--;
    u8 from_x[ESCAPED], from_y[ESCAPED];
    u32 size_x = put_character(from_x, x, end_x), size_y = put_character(from_y, y, end_y);
    return bytes_order(from_x, from_y, size_x, size_y);
}

static u32 put_word(u8 *to, const char *word) {
    u32 size = 0;
    while (word[size]) to[size] = (u8)word[size], size++;
    return size;
}

/* Writes a number and what follows it; returns how many bytes. */
static u32 put_int(u8 *to, u64 bits, u8 end) {
    u32 size = text_size(int_text((i64)bits, (u32)to, NUMBER));
    to[size] = end;
    return size + 1;
}

static u32 put_float(u8 *to, u64 bits, u8 end) {
    double value = double_of(bits);
    u32 size;
    if (value != value) size = put_word(to, "NaN");
    else if (value - value != 0) size = put_word(to, value > 0 ? "Infinity" : "-Infinity");
    else size = text_size(float_text(value, (u32)to, NUMBER));
    to[size] = end;
    return size + 1;
}

/* Of numbers; `tags` says for each whether it is a float. */
static int numbers_order(u64 a, u64 b, u32 tag_a, u32 tag_b, u8 end) {
    if (a == b && tag_a == tag_b) return 0;
    u8 from_a[NUMBER + 1], from_b[NUMBER + 1];
    u32 size_a = tag_a ? put_float(from_a, a, end) : put_int(from_a, a, end);
    u32 size_b = tag_b ? put_float(from_b, b, end) : put_int(from_b, b, end);
    return bytes_order(from_a, from_b, size_a, size_b);
}

/* The character with which the text of a value begins. */
static u8 first_of(const u8 *shape, const u64 *value) {
    u8 written[NUMBER + 1];
    switch (*shape) {
    case 's': return '"';
    case 'b': return (u32)*value ? 't' : 'f';
    case '(': return '[';
    case 'i': put_int(written, value[0], 0); return written[0];
    case 'f': put_float(written, value[0], 0); return written[0];
    case 'n': (u32)value[0] ? put_float(written, value[1], 0) : put_int(written, value[1], 0); return written[0];
    }
    return 'n';
}

static const u8 *behind(const u8 *shape) {
    while (*shape == '?') shape++;
    if (*shape != '(' && *shape != 'u') return shape + 1;
    shape++;
    while (*shape != ')') shape = behind(shape);
    return shape + 1;
}

static const u64 *skipped(const u8 *shape, const u64 *value) {
    const u8 *end = behind(shape);
    for (; shape < end; shape++) {
        if (*shape == 'n') value += 2;
        else if (*shape != '(' && *shape != 'u' && *shape != ')' && *shape != 'z') value++;
    }
    return value;
}

typedef struct {
    const u8 *shape;
    const u64 *value;
} part;

/* The option of a union that is there; without a shape if none is. */
static part there_of(const u8 *shape, const u64 *value) {
    part found = {0, 0};
    for (shape++; *shape != ')'; shape = behind(shape)) {
        if ((u32)*value) {
            found.shape = shape + 1;
            found.value = value + 1;
        }
        value = skipped(shape, value);
    }
    return found;
}

static int order(const u8 **shape, const u64 **a, const u64 **b, u8 end);

static int unions_order(const u8 *shape, const u64 *a, const u64 *b, u8 end) {
    part x = there_of(shape, a), y = there_of(shape, b);
    if (x.shape != y.shape)
        return sign_of((i32)(x.shape ? first_of(x.shape, x.value) : 'n') - (i32)(y.shape ? first_of(y.shape, y.value) : 'n'));
    return x.shape ? order(&x.shape, &x.value, &y.value, end) : 0;
}

/* How the texts of two values stand to each other, each followed by `end`; moves all behind them if it is 0. */
static int order(const u8 **shape, const u64 **a, const u64 **b, u8 end) {
    const u8 *kind = *shape;
    const u64 *x = *a, *y = *b;
    int found = 0;
    if (*kind == '(') {
        (*shape)++;
        while (**shape != ')') {
            const u8 *next = behind(*shape);
            if ((found = order(shape, a, b, *next == ')' ? ']' : ','))) return found;
        }
        (*shape)++;
        return 0;
    }
    if (*kind == '?') {
        (*shape)++;
        (*a)++;
        (*b)++;
        u32 there = (u32)*x, other = (u32)*y;
        if (there && other) return order(shape, a, b, end);
        if (there) return sign_of((i32)first_of(kind + 1, x + 1) - 'n');
        if (other) return sign_of('n' - (i32)first_of(kind + 1, y + 1));
    } else if (*kind == 'u') {
        found = unions_order(kind, x, y, end);
    } else if (*kind == 's') {
        found = texts_order(*x, *y);
    } else if (*kind == 'b') {
        found = sign_of((i32)(u32)*x - (i32)(u32)*y);
    } else if (*kind == 'n') {
        found = numbers_order(x[1], y[1], (u32)x[0], (u32)y[0], end);
    } else if (*kind != 'z') {
        found = numbers_order(*x, *y, *kind == 'f', *kind == 'f', end);
    }
    *a = skipped(*shape, *a);
    *b = skipped(*shape, *b);
    *shape = behind(*shape);
    return found;
}

static int comes_after(text shape, int sign, const u64 *a, const u64 *b) {
    const u8 *s = text_start(shape);
    return sign * order(&s, &a, &b, 0) > 0;
}

EXPORT(list_sort_lines) void list_sort_lines(list *l, text shape) { merge(l, comes_after, 1, shape); }

EXPORT(text_json) text text_json(text t, u32 where, u32 room) {
    const u8 *at = text_start(t), *end = at + text_size(t);
    u8 *to = (u8 *)where, *limit = to + room, written[ESCAPED];
    if (room < 2) return NO_ROOM;
    *to++ = '"';
    for (;; next_code(&at)) {
        u32 size = put_character(written, at, end);
        if (size > (u32)(limit - to)) return NO_ROOM;
        copy_bytes(to, written, size);
        to += size;
        if (at == end) return text_of((u8 *)where, (u32)(to - (u8 *)where));
    }
}
