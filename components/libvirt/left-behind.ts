/** A guest that a killed run left on its host: the libvirt provider adopts nothing, so its user is told how to go on. */
import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

/** libvirt's words when a domain of that name is there already. */
const ALREADY_THERE = /domain '([^']+)' already exists with uuid ([0-9a-f-]{36})/;

/**
 * What to do about a domain that could not be made since it is there.
 *
 * @param child  logical name of the domain resource
 * @param parent URN of the component that makes it
 * @returns      undefined where the errors say something else
 */
export function howToGoOn(errors: string[], child: string, parent: string): string | undefined {
    const [, name, uuid] = ALREADY_THERE.exec(errors.join("\n")) ?? [];
    if (!name || !uuid) return undefined;
    return (
        `The host has a domain ${name} that this stack does not know, perhaps from a run that was killed. ` +
        `If it is nobody else's, adopt it with \`pulumi import libvirt:index/domain:Domain ${child} ${uuid} --parent guest=${parent}\`, ` +
        `adding \`--provider libvirt=URN\` where the program names its libvirt provider; ` +
        `or remove it with \`virsh destroy ${name}; virsh undefine --nvram ${name}\`, which leaves its disks, then run \`pulumi up\` again. ` +
        `If it is another's, give this guest another name.`
    );
}

/**
 * Tells it when making the domain fails.
 *
 * @param guest URN of the component that makes the domain
 * @returns     hooks for the domain; none under Pulumi's mocks, which have no engine to call them and wait for ever
 */
export function leftBehindHooks(child: string, guest: pulumi.Output<string>): pulumi.ResourceHookBinding {
    if (pulumi.runtime.getMonitor() instanceof MockMonitor) return {};
    const hook = new pulumi.ErrorHook(`${child}-left-behind`, async ({ errors }) => {
        const parent = await new Promise<string>((resolve) => guest.apply(resolve));
        const text = howToGoOn(errors, child, parent);
        if (text) await pulumi.log.error(text);
        return false;
    });
    return { onError: [hook] };
}
