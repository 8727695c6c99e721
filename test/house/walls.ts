/**
 * Checks the walls between the rooms of src/ (architecture.js) on the imports of every file, type-only ones included.
 * Works on plain data, so that its own tests can plant violations. It reads no file itself.
 */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';
import { CONTRACT, ENVIRONMENT_FILES, ROOMS, SELECTOR, type Room } from '../../architecture.js';

/** Text of each file by its path under src/ (`plan/ops.ts`). */
export type Sources = ReadonlyMap<string, string>;

/** What `#wasm-host` of package.json stands for. */
const CONDITIONAL = { '#wasm-host': ['backend/wasm/host-node.ts', 'backend/wasm/host-web.ts'] };

/** The folder of the room that a file is in: the longest one that matches. */
export function roomOf(file: string): string {
  const parts = file.split('/').slice(0, -1);
  for (let length = parts.length; length > 0; length--) {
    const folder = parts.slice(0, length).join('/');
    if (folder in ROOMS) return folder;
  }
  return '.';
}

/** `*` within a folder, `**` for all below. */
export function matches(file: string, pattern: string): boolean {
  const source = pattern.replaceAll('.', '\\.').replace(/\*+/g, (stars) => (stars === '*' ? '[^/]*' : '.*'));
  return new RegExp(`^${source}$`).test(file);
}

/** True for the files that may touch Node, DOM, process, console, clock and timers. */
export function touchesEnvironment(file: string): boolean {
  return ENVIRONMENT_FILES.some((pattern) => matches(file, pattern));
}

/** The wing that a room belongs to: `experiment` for `experiment/run`, and for its own index. */
const wingOf = (room: string) => room.split('/')[0];

const isConcreteBackend = (room: string) => room.startsWith('backend/');

interface Import {
  readonly specifier: string;
  /** Files under src/ that it may mean; none for a package or a module of Node. */
  readonly targets: readonly string[];
}

function importsOf(file: string, text: string): Import[] {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  const specifiers = new Set(importedFiles.map((entry) => entry.fileName));
  // Workers are reached by URL, not by import.
  for (const match of text.matchAll(/new URL\(\s*'(\.[^']+\.js)',\s*import\.meta\.url/g))
    specifiers.add(match[1]!);
  return [...specifiers].map((specifier) => {
    if (specifier in CONDITIONAL) return { specifier, targets: CONDITIONAL['#wasm-host'] };
    if (!specifier.startsWith('.')) return { specifier, targets: [] };
    return { specifier, targets: [posix.join(posix.dirname(file), specifier)] };
  });
}

/** `foo.js` as written in an import is `foo.ts` in the tree, or a plain JavaScript file. */
function existing(sources: Sources, target: string): string | undefined {
  return [target, target.replace(/\.js$/, '.ts')].find((path) => sources.has(path));
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function checkPackage(file: string, room: Room, specifier: string): string | undefined {
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) {
    if (touchesEnvironment(file)) return;
    return `${file}: environment: "${specifier}" stays in ${ENVIRONMENT_FILES.join(', ')}`;
  }
  if (room.packages.includes(packageOf(specifier))) return;
  const allowed = room.packages.length > 0 ? `only ${room.packages.join(', ')}` : 'none';
  return `${file}: packages: room ${roomOf(file)} may import ${allowed}, got "${specifier}"`;
}

function checkTarget(file: string, target: string): string | undefined {
  const from = roomOf(file);
  const to = roomOf(target);
  if (from === to) return;
  const allowed = ROOMS[from]!.imports;
  if (!allowed.includes(to)) {
    const rule =
      isConcreteBackend(from) && isConcreteBackend(to)
        ? 'backends never import a sibling'
        : `room ${from} may import ${allowed.length > 0 ? `only ${allowed.join(', ')}` : 'no room'}`;
    return `${file}: arrows: ${rule}, got ${target}`;
  }
  if (isConcreteBackend(to) && !isConcreteBackend(from) && file !== SELECTOR) {
    return `${file}: backends: only ${SELECTOR} names a concrete backend, got ${target}`;
  }
  if (isConcreteBackend(from) && to === 'backend' && !CONTRACT.includes(target)) {
    return `${file}: backends: a backend knows only ${CONTRACT.join(' and ')} of its room, got ${target}`;
  }
  // A part of a room (data/node) stands behind its doors already; the room does not know the part.
  if (from.startsWith(`${to}/`)) return;
  const { doors } = ROOMS[to]!;
  if (doors.includes('*') && wingOf(from) === wingOf(to)) return;
  const door = target.slice(to === '.' ? 0 : to.length + 1);
  if (doors.includes(door)) return;
  const names = doors.includes('*') ? `${wingOf(to)}/index.ts` : doors.join(', ') || 'nothing';
  return `${file}: doors: room ${to} is imported through ${names}, got ${target}`;
}

/** One import cycle among the files, `a -> b -> a`, or none. Depth first: a file on the path again closes one. */
function cycleIn(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): string[] | undefined {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return;
    path.push(file);
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(file);
    return;
  }
  for (const file of edges.keys()) {
    const cycle = visit(file);
    if (cycle) return cycle;
  }
  return;
}

/** Every broken rule, one line each: `file: rule, got import`. */
export function brokenWalls(sources: Sources): string[] {
  const broken: string[] = [];
  const edges = new Map<string, string[]>();
  for (const [file, text] of sources) {
    const room = ROOMS[roomOf(file)]!;
    const targets: string[] = [];
    edges.set(file, targets);
    for (const { specifier, targets: meant } of importsOf(file, text)) {
      if (meant.length === 0) {
        const rule = checkPackage(file, room, specifier);
        if (rule !== undefined) broken.push(rule);
      }
      for (const path of meant) {
        const target = existing(sources, path);
        const rule =
          target === undefined ? `${file}: files: "${specifier}" does not exist` : checkTarget(file, target);
        if (rule !== undefined) broken.push(rule);
        if (target !== undefined) targets.push(target);
      }
    }
  }
  const cycle = cycleIn(edges);
  if (cycle) broken.push(`cycles: files must not import each other in a circle, got ${cycle.join(' -> ')}`);
  return broken;
}
