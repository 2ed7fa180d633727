/* What musl's sources take from its internal libm.h, for WebAssembly: one way to round, no status flags. */
#ifndef TOTEM_MUSL_LIBM_H
#define TOTEM_MUSL_LIBM_H

#include <float.h>
#include <stdint.h>

#include "math.h"

#define hidden
#define weak_alias(old, new)
#define WANT_ROUNDING 0
#define WANT_SNAN 0
#define issignaling_inline(x) 0
#define TOINT_INTRINSICS 0
#define predict_true(x) __builtin_expect(!!(x), 1)
#define predict_false(x) __builtin_expect(x, 0)
#define fp_force_eval(x) ((void)(x))
#define FORCE_EVAL(x) ((void)(x))

static inline double eval_as_double(double x) { return x; }
static inline double fp_barrier(double x) { return x; }

#define asuint64(f) ((union{double _f; uint64_t _i;}){f})._i
#define asdouble(i) ((union{uint64_t _i; double _f;}){i})._f

#define EXTRACT_WORDS(hi, lo, d) (GET_HIGH_WORD(hi, d), GET_LOW_WORD(lo, d))
#define GET_HIGH_WORD(hi, d) ((hi) = asuint64(d) >> 32)
#define GET_LOW_WORD(lo, d) ((lo) = (uint32_t)asuint64(d))
#define INSERT_WORDS(d, hi, lo) ((d) = asdouble(((uint64_t)(hi) << 32) | (uint32_t)(lo)))
#define SET_HIGH_WORD(d, hi) INSERT_WORDS(d, hi, (uint32_t)asuint64(d))
#define SET_LOW_WORD(d, lo) INSERT_WORDS(d, asuint64(d) >> 32, lo)

int __rem_pio2_large(double *, double *, int, int, int);
int __rem_pio2(double, double *);
double __sin(double, double, int);
double __cos(double, double);
double __tan(double, double, int);
double __expo2(double);
double __lgamma_r(double, int *);
double __math_xflow(uint32_t, double);
double __math_uflow(uint32_t);
double __math_oflow(uint32_t);
double __math_divzero(uint32_t);
double __math_invalid(double);

#endif
