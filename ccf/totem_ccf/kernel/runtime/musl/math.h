/* What musl's sources take from the C library's math.h, with WebAssembly's own instructions where it has them. */
#pragma GCC diagnostic ignored "-Weverything" /* musl stands here as it was released */
#ifndef TOTEM_MUSL_MATH_H
#define TOTEM_MUSL_MATH_H

typedef double double_t;

#define NAN __builtin_nan("")
#define INFINITY __builtin_inf()
#define isnan(x) __builtin_isnan(x)
#define isinf(x) __builtin_isinf(x)

#define fabs(x) __builtin_fabs(x)
#define floor(x) __builtin_floor(x)
#define sqrt(x) __builtin_sqrt(x)
#define copysign(x, y) __builtin_copysign(x, y)

double acos(double), acosh(double), asin(double), asinh(double), atan(double), atan2(double, double), atanh(double);
double cbrt(double), cos(double), cosh(double), erf(double), erfc(double), exp(double), expm1(double);
double hypot(double, double), log(double), log10(double), log1p(double), log2(double), pow(double, double);
double scalbn(double, int), sin(double), sinh(double), tan(double), tanh(double), tgamma(double);

#endif
