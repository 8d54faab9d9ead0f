/** The Python of the tests: `findPython()` is its path, `findPython(['torch', 'transformers'])` one that has both. */
export { findPython } from '../../tools/src/python.ts';
