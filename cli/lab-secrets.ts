/** Secrets in the file of the stack `lab`: its passphrase is known to everybody, since what it guards goes with the lab. */
import { createDecipheriv, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { readArgs } from "./engine-args";
import { LAB_PASSPHRASE, labBackend, labOf } from "./lab-backend";
import { labStack } from "./stack-file";

/** What is said to whom sets a secret there; undefined for all else. */
export function secretNote(project: string, args: string[]): string | undefined {
    const { words, flags } = readArgs(args);
    const [command, verb = ""] = words;
    const sets = command === "config" && ["set", "set-all"].includes(verb) && flags.includes("secret");
    if (!sets || labBackend(project, args).PULUMI_BACKEND_URL === undefined) return undefined;
    return "The stack lab is encrypted with a passphrase that everybody knows, and its file is one for git: set no secret there that counts outside a lab.";
}

/** As Pulumi writes it: the salt, and the word `pulumi` under the key that passphrase and salt make. */
const SALT = /^v1:([^:]+):v1:([^:]+):([^:]+)$/;
/** How Pulumi makes that key (NewSymmetricCrypterFromPassphrase), and what AES-GCM adds to a text [byte]. */
const ROUNDS = 1_000_000;
const KEY_BYTES = 32;
const TAG_BYTES = 16;

/** Said before the engine is asked, which says "incorrect passphrase" and no more. @throws Error where secrets of the stack `lab` have another passphrase */
export async function checkSalt(project: string): Promise<void> {
    const stack = labStack(project);
    const parts = SALT.exec(stack?.salt ?? "")?.slice(1);
    if (!stack || !parts) return;
    const [salt = Buffer.of(), nonce = Buffer.of(), sealed = Buffer.of()] = parts.map((text) =>
        Buffer.from(text, "base64"),
    );
    const key = await promisify(pbkdf2)(LAB_PASSPHRASE, salt, ROUNDS, KEY_BYTES, "sha256");
    try {
        const open = createDecipheriv("aes-256-gcm", key, nonce).setAuthTag(sealed.subarray(-TAG_BYTES));
        open.update(sealed.subarray(0, -TAG_BYTES));
        open.final();
    } catch (error) {
        const next =
            labOf(project) === undefined
                ? "`npx kvmnet pulumi preview` takes yours."
                : "Remove encryptionsalt and each value with secure, and set those values again by `npx kvmnet pulumi config set --secret`.";
        throw new Error(
            `${stack.fileOf("encryptionsalt")}: its secrets are encrypted with a passphrase of your own, and kvmnet opens the stack lab with one that everybody knows. ${next}`,
            { cause: error },
        );
    }
}
