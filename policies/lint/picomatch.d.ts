/** The part of picomatch that is used here; the package brings no types. */
declare module "picomatch" {
    interface Options {
        bash?: boolean;
        dot?: boolean;
        nobracket?: boolean;
        nonegate?: boolean;
        noext?: boolean;
    }
    export default function picomatch(pattern: string, options?: Options): (text: string) => boolean;
}
