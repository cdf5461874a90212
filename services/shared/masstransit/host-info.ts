/** Who wrote or moved a message. All texts are shown in MassTransit's tools, none is interpreted. */
export type HostInfo = {
  readonly machineName: string;
  readonly processName: string;
  readonly processId: number;
  readonly assembly: string;
  readonly assemblyVersion: string;
  readonly frameworkVersion: string;
  readonly massTransitVersion: string;
  readonly operatingSystemVersion: string;
};

/** The version whose wire format this room speaks. */
export const massTransitVersion = '8.5.7.0';
