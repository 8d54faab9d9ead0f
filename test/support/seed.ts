import fc from 'fast-check';

/**
 * The seed of every property: the same in each run, so that no run fails by chance. PROPERTY_SEED is another, or `random`
 * for one of the hour; a property that fails prints it.
 */
const { PROPERTY_SEED = '1' } = process.env;
export const seed = PROPERTY_SEED === 'random' ? Date.now() % 2 ** 31 : Number(PROPERTY_SEED);

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
