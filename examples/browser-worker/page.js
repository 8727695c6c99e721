// @ts-check
// The page: starts the worker that trains, shows its messages, and stays responsive meanwhile.
const button = /** @type {HTMLButtonElement} */ (document.querySelector('button'));
const progress = /** @type {HTMLProgressElement} */ (document.querySelector('progress'));
const output = /** @type {HTMLPreElement} */ (document.querySelector('pre'));

button.onclick = () => {
  button.disabled = true;
  output.textContent = '';
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => {
    progress.value = data.done;
    output.append(data.text, '\n');
    if (data.done === 1) end();
  };
  worker.onerror = ({ message }) => {
    output.append(`failed: ${message}`);
    end();
  };

  function end() {
    worker.terminate();
    button.disabled = false;
  }
};
