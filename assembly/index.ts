/* What the kernel module exports: runs of programs. Everything else is in the linear memory (layout.ts). */
export { resume, run, work } from './program';
