/** Runs dnsmasq: as a unit where systemd runs the host, else as a process that goes on by itself. */
import type { Host } from "../host";
import { runningAs } from "../host/running";
import type { Plan, Step } from "../plan";
import { folderOf } from "./dnsmasq-files";
import { forgetUnit, hasSystemd, program, startsWithHost, startUnit, stopUnit, unitTextOf } from "./host-service";

/** How dnsmasq is run for one interface. */
export interface Service {
    /** Its process, where it runs; undefined where it does not. */
    pid: string | undefined;
    /** systemd unit; undefined on a host without systemd. */
    unit: string | undefined;
    /** Whether it starts with the host, where it is a unit; nobody else starts a process then. */
    isLasting: boolean;
    start: Plan;
    stop: Plan;
    /** Reads reservations and names again. */
    reload: Step;
}

const RUN = "/run/kvmnet/dhcp";
const pidFile = (link: string) => `${RUN}/${link}.pid`;
const confOf = (link: string) => `${folderOf(link)}/conf`;

export async function serviceOf(host: Host, link: string): Promise<Service> {
    const [systemd, pid] = await Promise.all([
        hasSystemd(host),
        runningAs(host.place, pidFile(link), `--conf-file=${confOf(link)}`),
    ]);
    if (!systemd) return processOf(link, pid);
    const unit = unitName(link);
    const [text, isLasting] = await Promise.all([unitTextOf(host, unit), startsWithHost(host, unit)]);
    return unitOf(link, pid, text, isLasting);
}

const unitName = (link: string) => `kvmnet-dhcp-${link}.service`;

const command = (link: string): string[] => ["dnsmasq", `--conf-file=${confOf(link)}`, `--pid-file=${pidFile(link)}`];

function processOf(link: string, pid: string | undefined): Service {
    // Where nobody keeps a system log, what it has to say goes beside its leases.
    const start = [...command(link), `--log-facility=${folderOf(link)}/log`];
    return {
        pid,
        unit: undefined,
        isLasting: true,
        start: [
            program(`makes ${RUN}`, ["install", "-d", "-m", "755", RUN]),
            program(`starts dnsmasq on ${link}`, start),
        ],
        stop: pid
            ? [
                  program(`ends dnsmasq on ${link}`, ["kill", "-TERM", pid], start),
                  program(`waits until dnsmasq on ${link} is gone`, [
                      ...["tail", `--pid=${pid}`, "--sleep-interval=0.05", "--follow", "/dev/null"],
                  ]),
              ]
            : [],
        reload: program(`lets dnsmasq on ${link} read again`, ["kill", "-HUP", pid ?? ""]),
    };
}

function unitOf(link: string, pid: string | undefined, text: string | undefined, isLasting: boolean): Service {
    const unit = unitName(link);
    return {
        pid,
        unit,
        isLasting,
        start: startUnit(unit, unitText(link), text),
        stop: stopUnit(unit, { text, isRunning: pid !== undefined }),
        reload: program(`lets ${unit} read again`, ["systemctl", "reload", unit]),
    };
}

/** What a delete removes beside the folder. */
export const leftovers = (link: string, { unit }: Service): Plan =>
    unit ? forgetUnit(unit) : [program(`removes what dnsmasq on ${link} left`, ["rm", "-f", "--", pidFile(link)])];

/** It forks when it serves, so that a start that fails is told by systemctl. */
export const unitText = (link: string): string => `[Unit]
Description=DHCP on ${link}, declared with kvmnet
Documentation=man:dnsmasq(8)
After=network.target

[Service]
Type=forking
PIDFile=${pidFile(link)}
RuntimeDirectory=kvmnet/dhcp
RuntimeDirectoryPreserve=yes
ExecStart=${command(link).join(" ")}
ExecReload=kill -HUP $MAINPID
Restart=on-failure
RestartSec=1
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`;
