/** Guests in programs of Pulumi and Terraform, as their previews have them. */
import { type Case, NO_MODEL, program } from "./cases";

const LINE_09 = "dmacvicar/terraform-provider-libvirt (0.9) examples";

export const programs: Case[] = [
    {
        origin: `${LINE_09}/resources/libvirt_domain/resource.tf`,
        about: "The provider's first example: a virtio NIC on the network default, two vCPUs.",
        ...program({
            name: "example",
            vcpu: 2,
            type: "kvm",
            devices: { interfaces: [{ model: { type: "virtio" }, source: { network: { network: "default" } } }] },
        }),
        mandatory: {},
        advisory: ["queues-missing", "ring-undersized", "vhost-explicit"],
    },
    {
        origin: `${LINE_09}/domain_with_network.tf`,
        about: "Three NICs, of which the one on a bridge has no model: in 0.8 the provider wrote virtio, in 0.9 nobody does.",
        ...program({
            name: "example",
            vcpu: 2,
            type: "kvm",
            os: { type: "hvm", typeArch: "x86_64" },
            devices: {
                interfaces: [
                    { model: { type: "virtio" }, source: { network: { network: "default" } } },
                    { model: { type: "virtio" }, source: { network: { network: "custom", portGroup: "web" } } },
                    { source: { bridge: { bridge: "br0" } } },
                ],
            },
        }),
        mandatory: { "nic-model-explicit": NO_MODEL },
        advisory: ["queues-missing"],
    },
    {
        origin: `${LINE_09}/resources/libvirt_domain/resource.tf (direct kernel boot)`,
        about: "A guest without a NIC.",
        ...program({
            name: "kernel-boot",
            vcpu: 1,
            type: "kvm",
            os: { type: "hvm", kernel: "/boot/vmlinuz" },
            devices: {},
        }),
        mandatory: {},
        advisory: [],
    },
    {
        origin: "FilipeFerCosta/libvirt-terraform vm.tf",
        about: "0.8: a NIC with an address, named for a network and for its bridge at once.",
        ...program({
            name: "example-vm",
            vcpu: 2,
            networkInterfaces: [{ networkName: "default", mac: "52:54:00:12:34:56", bridge: "virbr0" }],
        }),
        mandatory: {},
        advisory: ["queues-missing", "ring-undersized"],
    },
    {
        origin: "dmacvicar/terraform-provider-libvirt examples/v0.13/xslt/main.tf",
        about: "0.8: a stylesheet that computes another model into the NIC, here e1000; rules say that they could not decide.",
        ...program({
            name: "xslt-demo",
            vcpu: 1,
            networkInterfaces: [{ networkName: "default" }],
            xml: {
                xslt: `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="node()|@*"><xsl:copy><xsl:apply-templates select="node()|@*"/></xsl:copy></xsl:template><xsl:template match="/domain/devices/interface/model/@type"><xsl:attribute name="type"><xsl:value-of select="'e1000'"/></xsl:attribute></xsl:template></xsl:stylesheet>`,
            },
        }),
        mandatory: {},
        advisory: [],
    },
    {
        origin: "UnstoppableMango/the-cluster infra/vr-node/index.ts",
        about: "0.8, TypeScript: a guest of eight vCPUs without a NIC.",
        ...program({ name: "vrk8s1", vcpu: 8, memory: 16384 }),
        mandatory: {},
        advisory: [],
    },
    {
        origin: "rgl/dotnet-pulumi-libvirt-ubuntu-example Stack.cs",
        about: "0.8, C#: a guest on a network of the program's own, its id not known before it is made.",
        ...program({
            name: "example",
            vcpu: 2,
            networkInterfaces: [
                { networkId: "04da6b54-80e4-46f7-96ec-b56ff0331ba9", waitForLease: true, addresses: ["10.17.3.2"] },
            ],
        }),
        mandatory: {},
        advisory: ["queues-missing"],
    },
    {
        origin: "ebal/tf 0.13/libvirt/0.6.2/ubuntu/20.04",
        about: "0.8: a guest on a NAT network that the program makes, with DHCP.",
        ...program({ name: "ubuntu", vcpu: 1, networkInterfaces: [{ networkName: "tf_net", waitForLease: true }] }, [
            {
                type: "libvirt:index/network:Network",
                inputs: {
                    name: "tf_net",
                    domain: "libvirt.local",
                    addresses: ["192.168.123.0/24"],
                    dhcp: { enabled: true },
                },
            },
        ]),
        mandatory: {},
        advisory: ["ring-undersized"],
    },
    {
        origin: "dmacvicar/terraform-provider-libvirt (0.8) website/docs/r/domain.html.markdown, network_interface",
        about: "0.8: a NIC by macvtap on a link of the host.",
        ...program({ name: "master", vcpu: 1, networkInterfaces: [{ macvtap: "eth0" }] }),
        mandatory: {},
        advisory: ["ring-undersized"],
    },
];
