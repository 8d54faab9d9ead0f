/** Where everything fetched or built lies: one rule for the binding, which looks there, and for setup, which fills it. */
export { cacheFolder, checkoutRoot } from '@trt-dsl/trt-bindings';
