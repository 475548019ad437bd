namespace Octavo.ServingRuntime.Engine.Scheduling;

public enum RequestStatus
{
    Waiting,
    Running,

    /// <summary>Waiting again, after its blocks were taken for another.</summary>
    Preempted,
    Finished,
}
