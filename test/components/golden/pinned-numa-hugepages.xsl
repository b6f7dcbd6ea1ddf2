<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes"/>
  <xsl:template match="@*|node()">
    <xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy>
  </xsl:template>
  <xsl:template match="/domain">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <memoryBacking><hugepages><page size="2048" unit="KiB"/></hugepages></memoryBacking>
      <cputune><vcpupin vcpu="0" cpuset="2"/><vcpupin vcpu="1" cpuset="3"/><vcpupin vcpu="2" cpuset="4"/><vcpupin vcpu="3" cpuset="5"/><emulatorpin cpuset="0-1"/></cputune>
      <numatune><memory mode="strict" nodeset="0"/></numatune>
    </xsl:copy>
  </xsl:template>
  <xsl:template match="/domain/cpu">
    <cpu mode="host-passthrough"><topology sockets="1" cores="2" threads="2"/><numa><cell id="0" cpus="0-1" memory="128" unit="MiB"/><cell id="1" cpus="2-3" memory="128" unit="MiB"/></numa></cpu>
  </xsl:template>
  <xsl:template match="/domain/devices/graphics|/domain/devices/video|/domain/devices/channel[@type='spicevmc']"/>
  <xsl:template match="/domain/devices">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <serial type="pty"><target port="0"/></serial>
    </xsl:copy>
  </xsl:template>
  <xsl:template match="/domain/devices/interface[mac/@address='52:54:00:AB:CD:01']">
    <interface type="ethernet">
      <mac address="52:54:00:AB:CD:01"/>
      <target dev="web-1-nic0" managed="no"/>
      <model type="virtio"/>
      <mtu size="1500"/>
      <driver name="vhost" queues="4" rx_queue_size="1024" tx_queue_size="256"/>
    </interface>
  </xsl:template>
</xsl:stylesheet>
