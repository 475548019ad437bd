using System.Diagnostics.CodeAnalysis;
using Octavo.KubernetesClient.Models;

namespace Octavo.ControllerRuntime.Reconciliation;

/// <summary>What a reconcile came to, and when it wants to be called again without anything having changed.</summary>
public sealed record ReconciliationResult<TEntity> where TEntity : class, IKubernetesObject
{
    private ReconciliationResult(TEntity entity, bool isSuccess, string? errorMessage, Exception? error, TimeSpan? requeueAfter) =>
        (Entity, IsSuccess, ErrorMessage, Error, RequeueAfter) = (entity, isSuccess, errorMessage, error, requeueAfter);

    public TEntity Entity { get; }

    [MemberNotNullWhen(false, nameof(ErrorMessage))]
    public bool IsSuccess { get; }

    public string? ErrorMessage { get; }
    public Exception? Error { get; }
    public TimeSpan? RequeueAfter { get; }

    public static ReconciliationResult<TEntity> Success(TEntity entity, TimeSpan? requeueAfter = null) => new(entity, true, null, null, requeueAfter);

    /// <summary>Without <paramref name="requeueAfter"/> the key is tried again with growing delay.</summary>
    public static ReconciliationResult<TEntity> Failure(TEntity entity, string errorMessage, Exception? error = null, TimeSpan? requeueAfter = null) =>
        new(entity, false, errorMessage, error, requeueAfter);
}
