/** The IPFIX export of a bridge. */
import { OvsIpfix } from "../../schemas/ovs-monitoring";
import { sampledWhere } from "./ovs-ipfix-sampling";
import { exportOf } from "./ovs-monitoring";

const ipfixExport = exportOf<OvsIpfix>("ipfix", {
    type: "kvmnet:ovs:Ipfix",
    title: "IPFIX export of the OVS bridge",
    description:
        "The IPFIX export of one Open vSwitch bridge: flows made of samples of all its packets, sent to collectors. " +
        "Sampling by `sample` actions of flows is not part of it.",
    schema: OvsIpfix,
    cost: {
        bridge: "replace",
        targets: "update",
        sampling: "update",
        obsDomainId: "update",
        obsPointId: "update",
        cacheActiveTimeout: "update",
        cacheMaxFlows: "update",
        statsInterval: "update",
        templateInterval: "update",
        tunnelSampling: "update",
        inputSampling: "update",
        outputSampling: "update",
        virtualObsId: "update",
    },
    presets: {
        sampling: 400,
        obsDomainId: 0,
        obsPointId: 0,
        cacheActiveTimeout: 0,
        cacheMaxFlows: 0,
        tunnelSampling: true,
        inputSampling: true,
        outputSampling: true,
    },
    table: "IPFIX",
    shape: {
        columns: {
            targets: ["targets", "list"],
            sampling: ["sampling", "number"],
            obsDomainId: ["obs_domain_id", "number"],
            obsPointId: ["obs_point_id", "number"],
            cacheActiveTimeout: ["cache_active_timeout", "number"],
            cacheMaxFlows: ["cache_max_flows", "number"],
            statsInterval: ["stats_interval", "number"],
            templateInterval: ["template_interval", "number"],
        },
        otherConfig: {
            tunnelSampling: ["enable-tunnel-sampling", "flag"],
            inputSampling: ["enable-input-sampling", "flag"],
            outputSampling: ["enable-output-sampling", "flag"],
            virtualObsId: ["virtual_obs_id", "text"],
        },
    },
});

export const ovsIpfix = sampledWhere(ipfixExport);
