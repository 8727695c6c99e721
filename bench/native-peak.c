/*
 * What the machine gives a native thread at most with 128-bit vectors: the loop of limit.ts in C. Reads a number of turns
 * a line, answers with the seconds they took. Twelve sums hide the latency of both instructions.
 */
#include <emmintrin.h>
#include <stdio.h>
#include <time.h>

/* The empty statement keeps the order: taken apart and mixed, the products need more registers than there are. */
#define STEP(s)                                         \
    s = _mm_add_epi32(s, _mm_madd_epi16(s, b));         \
    __asm__ volatile("" : "+x"(s))

#define XOR(s, t) _mm_xor_si128(s, t)

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int loop(long turns)
{
    const __m128i b = _mm_set1_epi16(3);
    __m128i s0 = _mm_set1_epi32(1), s1 = _mm_set1_epi32(2), s2 = _mm_set1_epi32(3);
    __m128i s3 = _mm_set1_epi32(4), s4 = _mm_set1_epi32(5), s5 = _mm_set1_epi32(6);
    __m128i s6 = _mm_set1_epi32(7), s7 = _mm_set1_epi32(8), s8 = _mm_set1_epi32(9);
    __m128i s9 = _mm_set1_epi32(10), s10 = _mm_set1_epi32(11), s11 = _mm_set1_epi32(12);
    for (long turn = 0; turn < turns; turn++) {
        STEP(s0);
        STEP(s1);
        STEP(s2);
        STEP(s3);
        STEP(s4);
        STEP(s5);
        STEP(s6);
        STEP(s7);
        STEP(s8);
        STEP(s9);
        STEP(s10);
        STEP(s11);
    }
    const __m128i low = XOR(XOR(XOR(s0, s1), XOR(s2, s3)), XOR(s4, s5));
    const __m128i high = XOR(XOR(XOR(s6, s7), XOR(s8, s9)), XOR(s10, s11));
    return _mm_cvtsi128_si32(XOR(low, high));
}

int main(void)
{
    volatile int sink = 0;
    long turns;
    while (scanf("%ld", &turns) == 1) {
        const double start = now();
        sink ^= loop(turns);
        printf("%.9f\n", now() - start);
        fflush(stdout);
    }
    return 0;
}
