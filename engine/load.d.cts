/** Loads one of our modules by its path from the root, without extension. */
declare function load(name: string): unknown;
export = load;
