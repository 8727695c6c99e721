// Both headers make the page cross-origin isolated: only such a page has the shared memory that threads need.
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default { server: { headers }, preview: { headers }, worker: { format: 'es' } };
