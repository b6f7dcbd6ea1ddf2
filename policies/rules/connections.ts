/** Rules for the ways to a host: libvirt's URI. Neither message shows the URI, which may hold a password. */
import { textAt, type Resource } from "../inputs";
import { known, type Maybe } from "../known";
import { type Reader, rule } from "../rule";

interface Connection {
    uri: Maybe<string | undefined>;
}

const libvirtProviders: Reader<Connection> = {
    types: ["pulumi:providers:libvirt"],
    read: (props) => [{ uri: textAt(props, "uri") }],
    name: () => "its URI",
};

const provider = (uri: string): Resource => ({ type: "pulumi:providers:libvirt", name: "host", props: { uri } });
const URI = "https://libvirt.org/uri.html";

/** Whether a host in a URI is this machine itself. */
const isLoopback = (uri: string) =>
    /^[\w+]+:\/\/([^@/]*@)?(localhost|127\.\d+\.\d+\.\d+|\[::1\])?(:\d+)?(\/|$)/.test(uri);

const libvirtTcp = rule({
    id: "sec-libvirt-tcp",
    title: "libvirt is not reached over plain TCP.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "qemu+tcp has no encryption, and where the daemon asks for no login, whoever reaches its port is root on the host.",
    sources: ["libvirt remote.html: transports", "libvirt daemon auth_tcp"],
    url: URI,
    tags: ["security", "libvirt"],
    proof: { notShown: "A lab opens libvirt to nobody else, so there is no port and no way in between to misuse." },
    appliesTo: libvirtProviders,
    parameters: {},
    judge({ uri }) {
        const text = known(uri);
        if (text === undefined || !/^\w+\+tcp:/.test(text) || isLoopback(text)) return undefined;
        return { found: "it uses plain TCP", set: "Use qemu+ssh:// or qemu+tls:// instead." };
    },
    fix: "Use qemu+ssh or qemu+tls.",
    examples: {
        good: [
            provider("qemu+ssh://root@kvm1/system"),
            provider("qemu:///system"),
            provider("qemu+tcp://127.0.0.1/system"),
        ],
        bad: [provider("qemu+tcp://kvm1/system"), provider("qemu+tcp://admin@10.0.0.1:16509/system")],
    },
});

const libvirtNoVerify = rule({
    id: "sec-libvirt-no-verify",
    title: "The way to libvirt checks who answers, and holds no password.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "With no_verify or known_hosts_verify=ignore anybody between here and the host can answer in its place and is handed whatever is sent. These two are all that switches host keys off in a URI: the provider takes any value of no_verify for yes, no_verify=0 as well, and without them refuses a key that is not known, whatever file knownhosts names. A password in a URI stands in every log and state that shows it.",
    sources: [
        "libvirt uri.html: no_verify, known_hosts_verify",
        "dmacvicar/terraform-provider-libvirt, internal/libvirt/dialers: no_verify is asked for by Has, and before 0.9 by its text",
        "dmacvicar/terraform-provider-libvirt#864, #874, #944",
    ],
    url: URI,
    tags: ["security", "libvirt"],
    proof: { notShown: "A lab opens libvirt to nobody else, so there is no port and no way in between to misuse." },
    appliesTo: libvirtProviders,
    parameters: {},
    judge({ uri }) {
        const text = known(uri);
        if (text === undefined) return undefined;
        if (/[?&]no_verify(=|&|$)/.test(text) || /[?&]known_hosts_verify=ignore(&|$)/.test(text))
            return {
                found: "it checks no host key",
                set: "Take no_verify and known_hosts_verify out of it, and put the host's key into known_hosts.",
            };
        if (/^[\w+]+:\/\/[^@/]*:[^@/]+@/.test(text))
            return { found: "it holds a password", set: "Use a key, or an SSH agent, and name the user alone." };
        return undefined;
    },
    fix: "Check host keys, and log in by a key.",
    examples: {
        good: [
            provider("qemu+ssh://root@kvm1/system?keyfile=/root/.ssh/id"),
            provider("qemu+ssh://root@kvm1/system?knownhosts=/etc/kvm-hosts&known_hosts_verify=normal"),
            provider("qemu+tls://kvm1/system"),
        ],
        bad: [
            provider("qemu+ssh://root@kvm1/system?no_verify=1"),
            provider("qemu+ssh://root@kvm1/system?no_verify=0"),
            provider("qemu+ssh://kvm1/system?sshauth=privkey&known_hosts_verify=ignore"),
            provider("qemu+ssh://root:secret@kvm1/system"),
        ],
    },
});

export const connectionRules = [libvirtTcp, libvirtNoVerify];
