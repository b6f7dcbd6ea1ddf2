/**
 * What the QEMU guest agents of a host's guests say of their NICs, by the weakest of their commands: the list of
 * interfaces, and files of /sys that are opened for reading.
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Place } from "../../provider/host/place";
import type { DeclaredNic } from "../../schemas/declared";
import { Label } from "../../schemas/units";

/** A NIC as the agent of its guest tells it now; what its files do not say is absent. */
export interface AgentNic {
    driver?: string;
    /** Queue pairs in use [count]. */
    queues?: number;
    /** [byte] */
    mtu?: number;
}

/** One command to the agent of one guest. */
interface Question {
    guest: string;
    execute: "guest-network-get-interfaces" | "guest-file-open" | "guest-file-read" | "guest-file-close";
    arguments?: { path: string } | { handle: number };
}

/** What an agent returned; undefined where there is none, or it refused. */
type Answer = unknown;

/** Longest wait for one answer [s]. */
const PATIENCE_S = 5;
/** Questions to one virsh, whose command line must not grow without a bound. */
const AT_ONCE = 100;
/** Most queue pairs that a tap has (linux/if_tun.h, MAX_TAP_QUEUES). */
const MOST_QUEUES = 256;

const Interfaces = z.array(z.object({ name: z.string(), "hardware-address": z.string().optional() }));
const Handle = z.int();
const Content = z.object({ "buf-b64": z.base64() });
/** What may stand in a path of /sys: a guest chooses the names of its interfaces. */
const LinkName = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,14}$/;

/** A NIC whose name in its guest is known. */
interface Link {
    nic: DeclaredNic;
    name: string;
}

/** @returns what the agent of its guest says of a NIC; undefined where there is no agent, or it has no such NIC */
export async function agentsOf(
    place: Place,
    nics: readonly DeclaredNic[],
): Promise<(nic: DeclaredNic) => AgentNic | undefined> {
    const links = await linksOf(place, nics);
    const open = (files: { link: Link; file: string }[]) => opened(place, files);

    const first = await open(
        links.flatMap((link) => [
            ...["mtu", "device/uevent"].map((file) => ({ link, file })),
            ...queueFiles(0, link.nic.queues).map((file) => ({ link, file })),
        ]),
    );
    const more = first.flatMap(({ link, file, handle }) =>
        handle !== undefined && file === queueFile(link.nic.queues) ? [link] : [],
    );
    const rest = await open(
        more.flatMap((link) => queueFiles(link.nic.queues + 1, MOST_QUEUES - 1).map((file) => ({ link, file }))),
    );
    const files = [...first, ...rest];
    const texts = await readAndClosed(place, files);

    const said = new Map(
        links.map((link): [DeclaredNic, AgentNic] => {
            const of = (name: string) => files.findIndex((one) => one.link === link && one.file === name);
            const mtu = /^\d+$/m.exec(texts[of("mtu")] ?? "")?.[0];
            const driver = /^DRIVER=(\S+)$/m.exec(texts[of("device/uevent")] ?? "")?.[1];
            const queues = files.filter(
                ({ link: whose, file, handle }) => whose === link && handle !== undefined && file.startsWith("queues/"),
            ).length;
            return [
                link.nic,
                {
                    ...(driver !== undefined && { driver }),
                    ...(queues > 0 && { queues }),
                    ...(mtu !== undefined && { mtu: Number(mtu) }),
                },
            ];
        }),
    );
    return (nic) => said.get(nic);
}

/** A queue is in use where the kernel shows its folder (Documentation/ABI/testing/sysfs-class-net-queues). */
const queueFile = (index: number) => `queues/rx-${index}/rps_cpus`;
const queueFiles = (from: number, to: number) =>
    Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => queueFile(from + index));

async function linksOf(place: Place, nics: readonly DeclaredNic[]): Promise<Link[]> {
    const guests = [...new Set(nics.map(({ guest }) => guest))].filter((guest) => Label.safeParse(guest).success);
    const answers = await asked(
        place,
        guests.map((guest) => ({ guest, execute: "guest-network-get-interfaces" })),
    );
    return answers.flatMap((answer, index) => {
        const found = Interfaces.safeParse(answer).data ?? [];
        return nics
            .filter(({ guest }) => guest === guests[index])
            .flatMap((nic) => {
                const name = found.find((link) => link["hardware-address"]?.toLowerCase() === nic.mac)?.name;
                return name !== undefined && LinkName.test(name) ? [{ nic, name }] : [];
            });
    });
}

/** @returns the handle of each file; undefined where the guest has no such file */
async function opened(place: Place, files: { link: Link; file: string }[]) {
    const answers = await asked(
        place,
        files.map(({ link, file }) => ({
            guest: link.nic.guest,
            execute: "guest-file-open",
            arguments: { path: `/sys/class/net/${link.name}/${file}` },
        })),
    );
    return files.map((file, index) => ({ ...file, handle: Handle.safeParse(answers[index]).data }));
}

/** @returns the text of each file that was opened; an agent keeps a handle until it is closed */
async function readAndClosed(place: Place, files: { link: Link; handle: number | undefined }[]): Promise<string[]> {
    const answers = await asked(
        place,
        files.flatMap(({ link, handle }): Question[] =>
            handle === undefined
                ? []
                : (["guest-file-read", "guest-file-close"] as const).map((execute) => ({
                      guest: link.nic.guest,
                      execute,
                      arguments: { handle },
                  })),
        ),
    );
    const read = answers.filter((_, index) => index % 2 === 0).map((answer) => Content.safeParse(answer).data);
    return files.map(({ handle }) =>
        handle === undefined ? "" : Buffer.from(read.shift()?.["buf-b64"] ?? "", "base64").toString(),
    );
}

/** Puts the questions in their order, many to one virsh, which goes on where one is refused. */
async function asked(place: Place, questions: Question[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (let from = 0; from < questions.length; from += AT_ONCE)
        answers.push(...(await askedAtOnce(place, questions.slice(from, from + AT_ONCE))));
    return answers;
}

async function askedAtOnce(place: Place, questions: Question[]): Promise<Answer[]> {
    // No guest can know it, and so none can end an answer before its end.
    const end = randomBytes(12).toString("hex");
    const commands = questions.map(({ guest, ...question }) => {
        const text = JSON.stringify(question);
        return `qemu-agent-command --timeout ${PATIENCE_S} --domain ${guest} --cmd '${text}'; echo ${end}`;
    });
    const virsh = ["virsh", "--quiet", "--connect", "qemu:///system", commands.join("; ")];
    // An agent that hangs keeps virsh for longer than a program may take: it counts as none.
    const { stdout } = await place.run(virsh).catch(() => ({ stdout: "" }));
    const parts = stdout.split(end);
    return questions.map((_, index) => returned(parts[index] ?? ""));
}

function returned(text: string): Answer {
    try {
        return (JSON.parse(text) as { return?: unknown }).return;
    } catch {
        return undefined;
    }
}
