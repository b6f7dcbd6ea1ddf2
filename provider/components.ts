/** What of this provider needs the components, behind one name: they are loaded for those who ask for them. */
export { construct } from "./construct";
export { packageSchema } from "./schema";
