/**
 * Elaboration checks of parameters, in a form that Verilator, Icarus Verilog and Yosys all take: a parameter that does not work
 * selects a module that does not exist. Its name is the message. (Icarus Verilog has no $error outside of a procedure.)
 */

/** Statements of a module: each condition must hold, else elaboration ends with the name. */
export function requirements(...rules: readonly (readonly [condition: string, name: string])[]): string {
  const checks = rules.map(
    ([condition, name]) => `  if (!(${condition})) begin : check_${name}
    ${name} refused ();
  end
`,
  );
  return `  // A parameter that does not work ends elaboration here: the name of the missing module is the message.
${checks.join('')}`;
}
