"""Functions in WebAssembly's text form that every step's module has, and what it imports."""

from __future__ import annotations

import re

__all__ = ["GLOBALS", "HOST_IMPORTS", "PRELUDE", "runtime_imports"]

HOST_IMPORTS = """\
  (import "host" "memory" (memory $memory 1))
  (import "host" "lease" (func $lease (param i64 i64 i32) (result i64)))
  (import "host" "more" (func $more))
  (import "host" "flush" (func $flush_emits))
  (import "host" "large" (func $large_text (param i32 i32 i32)))"""
"""Everything that a step's module gets from the host.

``lease(need, cost, charge)`` gives at least ``need`` totem, or -1. ``more()`` puts the next values of the group into
memory. ``flush()`` takes the emits out of memory. ``large(column, address, size)`` notes a text of the next emit X
"""

_RUNTIME = """
int_div i64 i64 : f64
float_mod f64 f64 : f64
float_floordiv f64 f64 : f64
float_round f64 i32 : f64
float_round_tens f64 i32 : f64
int_round i64 i32 i32 : i32
math_acos f64 : f64
math_acosh f64 : f64
math_asin f64 : f64
math_asinh f64 : f64
math_atan f64 : f64
math_atanh f64 : f64
math_cbrt f64 : f64
math_cos f64 : f64
math_cosh f64 : f64
math_erf f64 : f64
math_erfc f64 : f64
math_exp f64 : f64
math_expm1 f64 : f64
math_gamma f64 : f64
math_lgamma f64 : f64
math_log f64 : f64
math_log10 f64 : f64
math_log1p f64 : f64
math_log2 f64 : f64
math_sin f64 : f64
math_sinh f64 : f64
math_tan f64 : f64
math_tanh f64 : f64
math_atan2 f64 f64 : f64
math_copysign f64 f64 : f64
math_fmod f64 f64 : f64
math_hypot f64 f64 : f64
math_pow f64 f64 : f64
math_factorial i64 i32 : i32
math_isqrt i64 i32 : i32
math_comb i64 i64 i32 : i32
math_gcd i64 i64 i32 : i32
math_lcm i64 i64 i32 : i32
math_perm i64 i64 i32 : i32
int_power i64 i64 i32 : i32
text_equal i64 i64 : i32
text_order i64 i64 : i32
text_concat i64 i64 i32 i32 : i64
text_length i64 : i64
text_startswith i64 i64 : i32
text_endswith i64 i64 : i32
text_strip i64 i32 : i64
text_split i64 i32 i32 : i64
text_split_at i64 i64 i32 i32 : i64
text_lower i64 i32 i32 : i64
text_upper i64 i32 i32 : i64
text_contains i64 i64 : i32
text_find i64 i64 i32 : i64
text_find_byte i64 i64 i32 : i64
text_is i64 i32 : i32
text_at i64 i64 : i64
text_slice i64 i64 i64 i64 i32 i32 : i64
text_remove i64 i64 i32 : i64
text_strip_of i64 i64 i64 i64 i32 : i64
text_recase i64 i32 i32 i32 : i64
text_json i64 i32 i32 : i64
text_replace i64 i64 i64 i64 i32 i32 : i64
text_repeat i64 i64 i32 i32 : i64
text_pad i64 i64 i64 i64 i32 i32 i32 : i64
text_join i64 i64 i32 i32 : i64
text_cut i64 i64 i64 i32 i32 i32 : i64
text_code i64 : i64
code_text i64 i32 i32 : i64
replaced_bytes i64 i64 i64 i64 : i64
repeated_bytes i64 i64 : i64
padded_bytes i64 i64 i64 i64 : i64
joined_bytes i64 i64 : i64
regex_find i64 i32 i32 i32 : i32
regex_all i64 i32 i32 i32 : i64
regex_split i64 i32 i32 i32 : i64
float_text f64 i32 i32 : i64
format_int i64 i64 i64 i32 i32 : i64
format_float f64 i64 i64 i32 i32 : i64
format_text i64 i64 i64 i32 i32 : i64
far_exponent f64 : i64
parse_int i64 i32 : i32
parse_float i64 i32 : i32
int_text i64 i32 i32 : i64
bool_text i32 i32 i32 : i64
date_text i64 i32 i32 : i64
datetime_text i64 i32 i32 : i64
make_date i64 i64 i64 i32 : i32
make_datetime i64 i64 i64 i64 i64 i64 i64 i32 : i32
make_span i64 i64 i64 i64 i64 i64 i64 i32 : i32
date_year i64 : i64
date_month i64 : i64
date_day i64 : i64
sum_begin :
sum_floats i32 i32 :
sum_ints i32 i32 :
sum_nums i32 i32 i32 :
sum_floats_folded i32 i32 i32 i32 :
sum_ints_folded i32 i32 i32 :
sum_float_result : f64
sum_int_result i32 : i32
sum_num_result i32 : i32
copy_bytes i32 i32 i32 :
text_hash i64 : i64
fold_clear i32 i32 :
fold_grow i32 i32 i32 i32 : i32
fold_float i32 i32 i32 f64 : i32
fold_setup i32 i32 :
kept_setup i32 i32 i32 :
room_to_keep i64 : i32
keep i64 : i64
make_room i32 i32 i32 i32 i64 :
keep_input i32 i32 i32 i32 i32 :
arena_setup i32 i32 :
arena_scratch : i32
arena_text i64 : i64
list_new i32 : i32
list_of i64 : i32
pieces_bytes i64 : i64
list_append i32 i64 : i32
list_insert i32 i64 i64 : i32
list_put i32 i64 i64 : i32
list_remove i32 i32 i64 :
list_clear i32 :
list_extend i32 i32 : i32
list_add i32 i32 : i32
list_times i32 i64 : i32
list_slice i32 i64 i64 i64 i32 i64 : i32
list_slice_count i32 i64 i64 i64 i32 : i64
list_find i32 i32 i64 : i32
list_occurrences i32 i32 i64 : i64
list_equal i32 i32 i64 : i32
list_extreme i32 i32 i64 : i32
list_rounds i32 : i64
deque_new i32 i64 : i32
deque_of i32 i64 i64 : i32
deque_append i32 i64 i64 : i32
deque_appendleft i32 i64 i64 : i32
deque_popleft i32 i64 :
deque_extend i32 i32 i64 : i32
deque_rotate i32 i64 :
list_sort i32 i32 i64 :
list_sorted i32 i32 i64 : i32
list_sort_lines i32 i64 :
list_reverse i32 :
list_sum_nums i32 :
dict_setup i64 :
dict_new i32 : i32
dict_find i32 i32 i64 : i32
dict_enter i32 i32 i64 i64 i32 i64 : i32
dict_remove i32 i32 i64 :
dict_clear i32 :
dict_copy i32 : i32
dict_update i32 i32 i64 i64 i32 : i32
dict_list i32 i32 i32 i64 : i32
heap_setup i64 :
heap_call :
heap_due : i32
heap_begin :
heap_keep i32 i64 :
heap_end : i32
packed_items i32 i64 : i64
packed_bytes : i64
list_pack i32 i64 i32 i32 : i64
list_unpack i64 i64 : i32
"""


def runtime_imports(code: str) -> str:
    """Return the imports of those functions of the runtime library that the code calls.

    What they do stands beside them, in C.
    """
    called = set(re.findall(r"\(call \$(\w+)", code))
    lines = []
    for row in _RUNTIME.strip().splitlines():
        left, result = row.split(":")
        name, *parameters = left.split()
        if name not in called:
            continue
        signature = f"(param {' '.join(parameters)})" if parameters else ""
        if result.strip():
            signature += f" (result {result.strip()})"
        lines.append(f'  (import "runtime" "{name}" (func ${name} {signature}))')
    return "\n".join(lines)


GLOBALS = """\
  (global $balance (export "balance") (mut i64) (i64.const 0))
  (global $emitted (export "emitted") (mut i32) (i32.const 0))
  (global $finished (export "finished") (mut i32) (i32.const 0))
  (global $groups_done (export "groups_done") (mut i64) (i64.const 0))
  (global $field_bytes (mut i64) (i64.const 0))
  (global $fold_seed (mut i64) (i64.const 0))
  (global $fold_mask (mut i32) (i32.const {last_place}))
  (global $arena_used (mut i32) (i32.const 0))
  (global $roots_end (mut i32) (i32.const {roots}))"""
"""``balance``: what is left of the leases while no step function runs. ``emitted``: emits in the output columns, of
which ``finished`` are those of groups that have ended. ``$field_bytes``: the bytes of all texts in fields.
``$fold_seed``: a secret that keeps keys from being chosen to collide; no result depends on it."""

PRELUDE = """\
  ;; Gets totem for a charge that has made the balance negative; -1 if there is no more.
  (func $refill (param $balance i64) (param $cost i64) (param $charge i32) (result i64)
    (local $granted i64)
    (local.set $granted
      (call $lease (i64.sub (i64.const 0) (local.get $balance)) (local.get $cost) (local.get $charge)))
    (if (i64.lt_s (local.get $granted) (i64.const 0)) (then
      (global.set $balance (i64.add (local.get $balance) (local.get $cost)))
      (i32.store $meter (i32.const 0) (i32.const 1))
      (return (i64.const -1))))
    (i64.add (local.get $balance) (local.get $granted)))

  ;; Notes where a function has stopped.
  (func $frame (param $entry i32)
    (local $frames i32)
    (local.set $frames (i32.load $meter (i32.const 4)))
    (i32.store $meter offset=8 (i32.shl (local.get $frames) (i32.const 2)) (local.get $entry))
    (i32.store $meter (i32.const 4) (i32.add (local.get $frames) (i32.const 1))))

  ;; Notes an error of the program.
  (func $fail (param $balance i64) (param $reason i32) (param $entry i32)
    (global.set $balance (local.get $balance))
    (i32.store $meter (i32.const 0) (local.get $reason))
    (call $frame (local.get $entry)))

  (func $int_floordiv (param $a i64) (param $b i64) (result i64)
    (i64.sub (i64.div_s (local.get $a) (local.get $b))
      (i64.extend_i32_u (i32.and
        (i64.ne (i64.rem_s (local.get $a) (local.get $b)) (i64.const 0))
        (i64.lt_s (i64.xor (local.get $a) (local.get $b)) (i64.const 0))))))

  (func $int_mod (param $a i64) (param $b i64) (result i64)
    (local $rest i64)
    (local.set $rest (i64.rem_s (local.get $a) (local.get $b)))
    (select (i64.add (local.get $rest) (local.get $b)) (local.get $rest)
      (i32.and (i64.ne (local.get $rest) (i64.const 0))
        (i64.lt_s (i64.xor (local.get $rest) (local.get $b)) (i64.const 0)))))

  ;; Rounds of range(start, stop, step), as an unsigned number: up to 2^64 - 1.
  (func $range_rounds (param $start i64) (param $stop i64) (param $step i64) (result i64)
    (if (result i64) (i64.gt_s (local.get $step) (i64.const 0))
      (then (if (result i64) (i64.lt_s (local.get $start) (local.get $stop))
        (then (i64.add (i64.const 1) (i64.div_u
          (i64.sub (i64.sub (local.get $stop) (local.get $start)) (i64.const 1)) (local.get $step))))
        (else (i64.const 0))))
      (else (if (result i64) (i64.gt_s (local.get $start) (local.get $stop))
        (then (i64.add (i64.const 1) (i64.div_u
          (i64.sub (i64.sub (local.get $start) (local.get $stop)) (i64.const 1))
          (i64.sub (i64.const 0) (local.get $step)))))
        (else (i64.const 0))))))

  ;; The float of a tagged number.
  (func $num_float (param $tag i32) (param $bits i64) (result f64)
    (if (result f64) (local.get $tag)
      (then (f64.reinterpret_i64 (local.get $bits)))
      (else (f64.convert_i64_s (local.get $bits)))))

  ;; -1, 0 or 1 as a is less than, equal to or greater than b; 2 if one is NaN. Exact between int and float.
  (func $num_order (param $tag_a i32) (param $a i64) (param $tag_b i32) (param $b i64) (result i32)
    (if (i32.and (local.get $tag_a) (local.get $tag_b)) (then
      (return (call $float_order (f64.reinterpret_i64 (local.get $a)) (f64.reinterpret_i64 (local.get $b))))))
    (if (local.get $tag_a) (then (return (call $reverse (call $int_float_order
      (local.get $b) (f64.reinterpret_i64 (local.get $a)))))))
    (if (local.get $tag_b) (then (return (call $int_float_order
      (local.get $a) (f64.reinterpret_i64 (local.get $b))))))
    (call $int_order (local.get $a) (local.get $b)))

  (func $int_order (param $a i64) (param $b i64) (result i32)
    (i32.sub (i64.gt_s (local.get $a) (local.get $b)) (i64.lt_s (local.get $a) (local.get $b))))

  (func $float_order (param $a f64) (param $b f64) (result i32)
    (if (i32.or (f64.ne (local.get $a) (local.get $a)) (f64.ne (local.get $b) (local.get $b)))
      (then (return (i32.const 2))))
    (i32.sub (f64.gt (local.get $a) (local.get $b)) (f64.lt (local.get $a) (local.get $b))))

  (func $reverse (param $order i32) (result i32)
    (select (local.get $order) (i32.sub (i32.const 0) (local.get $order))
      (i32.eq (local.get $order) (i32.const 2))))

  (func $int_float_order (param $a i64) (param $b f64) (result i32)
    (local $order i32)
    (if (f64.ne (local.get $b) (local.get $b)) (then (return (i32.const 2))))
    (if (f64.ge (local.get $b) (f64.const 0x1p63)) (then (return (i32.const -1))))
    (if (f64.lt (local.get $b) (f64.const -0x1p63)) (then (return (i32.const 1))))
    (local.set $order (call $int_order (local.get $a) (i64.trunc_f64_s (local.get $b))))
    (if (local.get $order) (then (return (local.get $order))))
    (call $float_order (f64.trunc (local.get $b)) (local.get $b)))

  ;; Takes the emits out of memory.
  (func $flush
    (call $flush_emits)
    (global.set $emitted (i32.const 0))
    (global.set $finished (i32.const 0)))"""
