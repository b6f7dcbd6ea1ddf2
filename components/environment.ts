import * as pulumi from "@pulumi/pulumi";
import { Provider } from "../resources";
import type { Declared } from "../schemas/declared";
import type { EnvironmentInput } from "../schemas/environment";
import { Component, thisStack, told } from "./component";
import { libvirtConnection } from "./libvirt/connection";
import { libvirt } from "./libvirt/installed";
import { LinuxBridge } from "./linux-bridge";
import { mapped } from "./mapped";
import { OvsSwitch } from "./ovs-switch";
import { bootOf, type Plan, planned } from "./plan";
import { VirtualMachine } from "./virtual-machine";

export interface EnvironmentArgs {
    /** Host that the environment is built on: `local`, or `lab://NAME`. */
    host: string;
    /** Switches, bridges, and the guests behind them. */
    environment: EnvironmentInput;
}

/** A whole environment on one host: its switches and bridges, and the guests plugged into them. */
export class Environment extends Component {
    readonly switches: Readonly<Record<string, OvsSwitch>>;
    readonly bridges: Readonly<Record<string, LinuxBridge>>;
    readonly guests: Readonly<Record<string, VirtualMachine>>;
    /** What every guest and its host are held against; a program exports it as `declared`. */
    readonly declared: pulumi.Output<Declared>;

    /** @throws pulumi.RunError with everything wrong in the arguments, or where @pulumi/libvirt is not installed */
    constructor(name: string, { host, environment }: EnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
        const plan = told(() => planned({ host, environment }, thisStack(), `Environment ${name}`));
        const { switches, bridges } = plan.environment;
        super("Environment", name, { host, environment: plan.environment }, opts);

        const kvmnet = new Provider(...this.child("host", { host }));
        const on = { providers: { kvmnet } };
        this.switches = mapped(
            switches,
            (key, settings) => new OvsSwitch(...this.child(key, { ...settings, name: key }, undefined, on)),
        );
        this.bridges = mapped(
            bridges,
            (key, settings) => new LinuxBridge(...this.child(key, { ...settings, name: key }, undefined, on)),
        );
        this.guests = this.#guests(plan, kvmnet);

        const nics = pulumi.all(Object.values(this.guests).map(({ declared }) => declared));
        this.declared = nics.apply((all) => ({ host, nics: all.flat() }));
        this.registerOutputs({ declared: this.declared });
    }

    #guests(plan: Plan, kvmnet: Provider): Record<string, VirtualMachine> {
        const { guests } = plan.environment;
        if (!Object.keys(guests).length) return {};
        const { Provider: Libvirt } = libvirt();
        const on = {
            providers: {
                kvmnet,
                libvirt: new Libvirt(...this.child("libvirt", { uri: libvirtConnection(plan.host) })),
            },
        };
        return mapped(guests, (key, { vcpus, memoryMiB, nics }) => {
            const plugged = mapped(nics, (_, { switch: ovsSwitch, bridge, ...nic }) => ({
                ...nic,
                switch: ovsSwitch === undefined ? undefined : this.switches[ovsSwitch],
                bridge: bridge === undefined ? undefined : this.bridges[bridge],
            }));
            const args = { name: key, vcpus, memoryMiB, ...bootOf(plan, key), nics: plugged };
            return new VirtualMachine(...this.child(key, args, undefined, on));
        });
    }
}
