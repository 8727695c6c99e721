/** The Makefile of a generated folder, and the arguments that build the harness of co-simulation. */
import { isStochastic, moduleName, type RtlDesign } from './design.js';
import { rtlModules } from './modules.js';

/** Arguments of verilator that build the harness of a design in `folder`; run in the folder of the sources. */
export function harnessArguments(design: RtlDesign, folder: string): string[] {
  const { rows, cols, wordLength, lfsrBits } = design;
  const macros = [`-DROWS=${rows}`, `-DCOLS=${cols}`, `-DWL=${wordLength}`];
  if (isStochastic(design)) macros.push(`-DLFSR=${lfsrBits}`);
  return [
    ...['-O3', '--x-assign', 'fast', '--cc', '--exe', '--build', '--top-module', moduleName(design, 'top')],
    // The harness knows the class by this name.
    ...['--prefix', 'Vtop', '--Mdir', folder],
    ...['-CFLAGS', `-O2 -std=c++17 ${macros.join(' ')}`, '-o', 'harness'],
    ...rtlModules(design).map(({ name }) => name),
    'harness.cpp',
  ];
}

export function makefile(design: RtlDesign): string {
  const names = rtlModules(design).map(({ name }) => name);
  const name = (module: string): string => moduleName(design, module);
  const timed = ['timing', 'rounding_unit', ...(isStochastic(design) ? ['lfsr'] : [])];
  return `# lint: Verilator, all warnings. sim: the test bench under Verilator, with the assertions of ${name('checks')}.sv. sim-icarus: the
# test bench under Icarus Verilog. synth: cells on a Xilinx 7-series part by Yosys. timing: clock of a rounding unit on an iCE40
# HX8K, by nextpnr, for each seed of the placement. Debian packages: verilator, iverilog, yosys, nextpnr-ice40.
DESIGN = ${names.join(' ')}
CHECKS = ${name('checks')}.sv
BENCH = ${name('tb')}.sv ${name('source')}.sv
TIMED = ${timed.map((module) => `${name(module)}.sv`).join(' ')}
SEEDS = 1 2 3 4 5

all: lint sim sim-icarus

lint:
\tverilator --lint-only -Wall --top-module ${name('top')} $(DESIGN)

sim: build/verilator/tb
\t./build/verilator/tb | tee build/sim.log
\tgrep -q '^PASS' build/sim.log

build/verilator/tb: $(DESIGN) $(CHECKS) $(BENCH)
\tmkdir -p build
\tverilator --binary --timing --assert -O3 --top-module ${name('tb')} --Mdir build/verilator -o tb $(DESIGN) $(CHECKS) $(BENCH) >build/verilator.log

sim-icarus: build/tb.vvp
\tvvp -n build/tb.vvp | tee build/sim-icarus.log
\tgrep -q '^PASS' build/sim-icarus.log

build/tb.vvp: $(DESIGN) $(BENCH)
\tmkdir -p build
\tiverilog -g2012 -s ${name('tb')} -o build/tb.vvp $(DESIGN) $(BENCH)

synth:
\tmkdir -p build
\tyosys -p "read_verilog -sv $(DESIGN); synth_xilinx -family xc7 -top ${name('top')} -flatten -noiopad; tee -o build/synth.txt stat" >build/synth.log
\tcat build/synth.txt

build/timing.json: $(TIMED)
\tmkdir -p build
\tyosys -p "read_verilog -sv $(TIMED); synth_ice40 -abc2 -top ${name('timing')} -json build/timing.json" >build/timing.log

timing: build/timing.json
\tfor seed in $(SEEDS); do nextpnr-ice40 --hx8k --package ct256 --pcf-allow-unconstrained --freq 100 --timing-allow-fail \\
\t  --seed $$seed --json build/timing.json 2>&1 | tee build/timing-$$seed.log | grep 'Max frequency' | tail -n 1 || exit 1; done

clean:
\trm -rf build

.PHONY: all lint sim sim-icarus synth timing clean
`;
}
