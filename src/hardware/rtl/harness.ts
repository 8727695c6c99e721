/**
 * harness.cpp: the C++ around the Verilated array for co-simulation. It is the same for every design; macros
 * set the sizes. src/cli/hardware/ runs it.
 */

export function harnessSource(): string {
  return /* C++ */ String.raw`// Feeds products from standard input to the Verilated array at streaming speed and writes its results to standard output.
// All numbers are little-endian 32-bit words. In: 16 header words, ROWS seeds, then lhs, rhs and bias words, slice by slice.
// Out: cycles, nanoseconds (two words each, low word first), then the results, ROWS words a column.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>
#include "Vtop.h"
#include "verilated.h"

using Words = std::vector<uint32_t>;

static bool take(uint32_t* to, size_t count) { return fread(to, 4, count, stdin) == count; }

// Ports by their width: up to 64 bits an integer, beyond that an array of 32-bit words.
template <typename Port> static void assign(Port& port, const uint32_t* bits) {
  port = static_cast<Port>(sizeof(Port) > 4 ? bits[0] | static_cast<uint64_t>(bits[1]) << 32 : bits[0]);
}
template <std::size_t N> static void assign(VlWide<N>& port, const uint32_t* bits) {
  for (std::size_t i = 0; i < N; i++) port[i] = bits[i];
}
template <typename Port> static void read(const Port& port, uint32_t* bits) {
  bits[0] = static_cast<uint32_t>(port);
  bits[1] = static_cast<uint32_t>(static_cast<uint64_t>(port) >> 32);
}
template <std::size_t N> static void read(const VlWide<N>& port, uint32_t* bits) {
  for (std::size_t i = 0; i < N; i++) bits[i] = port[i];
}

// Bits [at, at + width) of a vector, width up to 32.
static void put(uint32_t* bits, int at, int width, uint32_t value) {
  const uint64_t mask = (1ull << width) - 1;
  const uint64_t shifted = (value & mask) << at % 32;
  bits[at / 32] |= static_cast<uint32_t>(shifted);
  if (at % 32 + width > 32) bits[at / 32 + 1] |= static_cast<uint32_t>(shifted >> 32);
}
static uint32_t get(const uint32_t* bits, int at, int width) {
  uint64_t pair = bits[at / 32];
  if (at % 32 + width > 32) pair |= static_cast<uint64_t>(bits[at / 32 + 1]) << 32;
  return static_cast<uint32_t>(pair >> at % 32 & ((1ull << width) - 1));
}

// Whether a stream pauses in a cycle: chance of 256, repeatable.
struct Pauses {
  uint32_t state, chance;
  bool operator()() {
    state = state * 1664525u + 1013904223u;
    return (state >> 24) < chance;
  }
};

// A stream into the array: vectors of lanes words of width bits, count of them.
struct Stream {
  int lanes, width, stride;
  Words bits;
  size_t count, sent = 0;
  Pauses pauses;
  bool valid = false;

  Stream(int lanes, int width, size_t count, Pauses pauses)
      : lanes(lanes), width(width), stride((lanes * width + 31) / 32 + 1), bits(stride * count), count(count), pauses(pauses) {}
  bool fill() {
    Words words(lanes);
    for (size_t i = 0; i < count; i++) {
      if (!take(words.data(), lanes)) return false;
      for (int lane = 0; lane < lanes; lane++) put(&bits[i * stride], lane * width, width, words[lane]);
    }
    return true;
  }
  // Offers the next vector. What has been offered stays until it is taken.
  template <typename Port> void offer(Port& data, CData& port) {
    valid = sent < count && (valid || !pauses());
    port = valid;
    if (valid) assign(data, &bits[sent * stride]);
  }
  void taken(bool ready) {
    if (!valid || !ready) return;
    sent++;
    valid = false;
  }
};

static VerilatedContext context;
static Vtop top{&context};

static void tick() {
  top.clk = 1;
  top.eval();
  top.clk = 0;
  top.eval();
}

static bool product() {
  uint32_t header[16];
  if (!take(header, 16)) return false;
  const auto [depth, blockRows, blockCols, panels, resident, shift, biasShift, limit, lhsCount, rhsCount, columns, pauseSeed,
              lhsPause, rhsPause, biasPause, resultPause] = header;
  uint32_t seeds[ROWS];
  take(seeds, ROWS);
  Stream lhs(ROWS, WL, lhsCount, {pauseSeed, lhsPause});
  Stream rhs(COLS, WL, rhsCount, {pauseSeed + 1, rhsPause});
  Stream bias(COLS, WL, columns / COLS, {pauseSeed + 2, biasPause});
  if (!lhs.fill() || !rhs.fill() || !bias.fill()) return false;
  Pauses resultPauses{pauseSeed + 3, resultPause};

  top.config_valid = 1;
  top.config_depth = depth;
  top.config_block_rows = blockRows;
  top.config_block_cols = blockCols;
  top.config_panels = panels;
  top.config_resident = resident;
  top.config_shift = shift & 127;
  top.config_bias_shift = biasShift;
  top.config_limit = limit;
#ifdef LFSR
  Words seedBits((ROWS * LFSR + 31) / 32 + 1);
  for (int i = 0; i < ROWS; i++) put(seedBits.data(), i * LFSR, LFSR, seeds[i]);
  assign(top.config_seeds, seedBits.data());
#endif

  Words results(static_cast<size_t>(columns) * ROWS);
  uint32_t column[(ROWS * WL + 31) / 32 + 2];
  size_t got = 0;
  uint64_t cycles = 0, idle = 0;
  const auto begun = std::chrono::steady_clock::now();
  while (got < columns) {
    lhs.offer(top.lhs_data, top.lhs_valid);
    rhs.offer(top.rhs_data, top.rhs_valid);
    bias.offer(top.bias_data, top.bias_valid);
    top.result_ready = !resultPauses();
    const bool configured = top.config_valid && top.config_ready;
    const bool result = top.result_valid && top.result_ready;
    if (result) {
      read(top.result_data, column);
      for (int i = 0; i < ROWS; i++) results[got * ROWS + i] = get(column, i * WL, WL);
      got++;
    }
    const bool ready[] = {bool(top.lhs_ready), bool(top.rhs_ready), bool(top.bias_ready)};
    const bool handshake = configured || result || (lhs.valid && ready[0]) || (rhs.valid && ready[1]) || (bias.valid && ready[2]);
    idle = handshake ? 0 : idle + 1;
    // A design that works never waits for longer than for a block out of full buffers.
    if (idle > 1000000 || top.error) {
      fprintf(stderr, top.error ? "the array has refused a product after %zu of %u columns\n"
                                : "the array gave %zu of %u columns and then hung\n", got, columns);
      exit(3);
    }
    tick();
    lhs.taken(ready[0]);
    rhs.taken(ready[1]);
    bias.taken(ready[2]);
    if (configured) top.config_valid = 0;
    if (!top.config_valid) cycles++;
  }
  top.result_ready = 0;
  top.lhs_valid = top.rhs_valid = top.bias_valid = 0;
  const auto ended = std::chrono::steady_clock::now();
  const uint64_t ns = std::chrono::duration_cast<std::chrono::nanoseconds>(ended - begun).count();
  const uint32_t answer[] = {uint32_t(cycles), uint32_t(cycles >> 32), uint32_t(ns), uint32_t(ns >> 32)};
  fwrite(answer, 4, 4, stdout);
  fwrite(results.data(), 4, results.size(), stdout);
  fflush(stdout);
  return true;
}

int main() {
  top.reset = 1;
  top.eval();
  tick();
  tick();
  top.reset = 0;
  top.eval();
  while (product()) {
  }
  top.final();
}
`;
}
