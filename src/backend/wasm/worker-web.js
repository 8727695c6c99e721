// Entry of a worker in a browser: an instance over the shared memory that takes part in every run until terminated.
globalThis.onmessage = async ({ data: { module, memory, thread, started } }) => {
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  globalThis.postMessage('ready');
  instance.exports.work(thread, started);
};
