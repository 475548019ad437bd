using Octavo.Operator.Entities;

namespace Octavo.Operator.Controller;

/// <summary>Fills the members of the status that one concern owns. Pure: the same context gives the same members.</summary>
internal interface IStatusPart
{
    /// <summary><paramref name="status"/> with the members of this part; the others as they were.</summary>
    InferenceServiceStatus Fill(InferenceServiceStatus status, ReconcileContext context);
}
