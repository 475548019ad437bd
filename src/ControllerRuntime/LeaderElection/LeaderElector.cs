using Microsoft.Extensions.Logging;
using Octavo.ControllerRuntime.Health;
using Octavo.ControllerRuntime.Metrics;

namespace Octavo.ControllerRuntime.LeaderElection;

/// <summary>
/// client-go's leader election, with tighter bounds (see <see cref="LeaderElectionOptions"/>). Skew of clocks does not matter: a candidate measures with its own
/// monotonic clock how long it has not seen the record change. Not thread-safe: one run at a time.
/// </summary>
public sealed class LeaderElector
{
    internal const double JitterFactor = 1.2;

    private readonly LeaseLock leaseLock;
    private readonly LeaderElectionOptions options;
    private readonly TimeProvider timeProvider;
    private readonly Random random;
    private readonly ILogger logger;
    private readonly WriteGate? gate;
    private readonly Heartbeats? heartbeats;
    private readonly ControllerMetrics? metrics;
    private LeaderElectionRecord? observed;
    private long observedAt;

    /// <summary>When the last write of ours that succeeded began: nobody can have seen that record earlier.</summary>
    private long heldSince;

    /// <summary>Throws <see cref="ArgumentException"/> with all errors of the options. Opens and shuts the gate, where it is given one.</summary>
    public LeaderElector(LeaseLock leaseLock, LeaderElectionOptions options, TimeProvider timeProvider, Random random, ILogger logger, WriteGate? gate = null, Heartbeats? heartbeats = null, ControllerMetrics? metrics = null)
    {
        if (options.Validate() is { Count: > 0 } errors)
        {
            throw new ArgumentException(string.Join("; ", errors), nameof(options));
        }

        (this.leaseLock, this.options, this.timeProvider, this.random, this.logger, this.gate) = (leaseLock, options, timeProvider, random, logger, gate);
        (this.heartbeats, this.metrics) = (heartbeats, metrics);
    }

    /// <summary>Longer than any step of the loop may take, the end of the leader's work among them: who is silent for longer is stuck.</summary>
    private TimeSpan LongestSilence => (options.LeaseDuration * 2) + TimeSpan.FromMinutes(1);

    /// <summary>By the record seen last.</summary>
    public bool IsLeader => observed?.HolderIdentity == options.Identity;

    /// <summary>Who leads by the record seen last; empty: nobody.</summary>
    public string Leader => observed?.HolderIdentity ?? "";

    /// <summary>
    /// Waits for the lease, then runs <paramref name="whileLeading"/> until the lease is lost (its token is cancelled) or it ends by itself. Gives the lease
    /// back if it is still held. The next leader may begin at once then, so nothing is given back before <paramref name="whileLeading"/> has ended.
    /// Throws <see cref="OperationCanceledException"/> when cancelled while waiting; otherwise returns.
    /// </summary>
    public async Task RunUntilLeadershipLostAsync(Func<CancellationToken, Task> whileLeading, CancellationToken cancellationToken)
    {
        using var life = heartbeats?.Begin($"leader election of {leaseLock.Description}", LongestSilence);
        try
        {
            await AcquireAsync(life, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Told to stop just when the lease became ours.
            await ReleaseAsync().ConfigureAwait(false);
            throw;
        }

        LeaderElectionLog.Acquired(logger, leaseLock.Description, options.Identity);
        using var term = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var work = Task.Run(() => whileLeading(term.Token), CancellationToken.None);
        try
        {
            await RenewAsync(life, work, term.Token).ConfigureAwait(false);
        }
        finally
        {
            await term.CancelAsync().ConfigureAwait(false);
            try
            {
                await work.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (term.IsCancellationRequested)
            {
            }
            finally
            {
                await ReleaseAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task AcquireAsync(Heartbeat? life, CancellationToken cancellationToken)
    {
        LeaderElectionLog.Waiting(logger, leaseLock.Description, options.Identity);
        while (!await TryWithinDeadlineAsync(cancellationToken).ConfigureAwait(false))
        {
            life?.Beat();
            await Task.Delay(NextLook(), timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>At random, so that candidates do not all ask at once; but when the lease is about to run out, just then.</summary>
    private TimeSpan NextLook()
    {
        var usual = options.RetryPeriod * (1 + (JitterFactor * random.NextDouble()));
        if (observed is not { HolderIdentity.Length: > 0 } held)
        {
            return usual;
        }

        var left = TimeSpan.FromSeconds(held.LeaseDurationSeconds) - timeProvider.GetElapsedTime(observedAt);
        return left > TimeSpan.Zero && left < usual ? left + (options.RetryPeriod * (random.NextDouble() / 10)) : usual;
    }

    private async Task<bool> TryWithinDeadlineAsync(CancellationToken cancellationToken)
    {
        // A hung request must not keep a candidate from ever asking again.
        using var deadline = new CancellationTokenSource(options.RenewDeadline, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var holds = await TryAcquireOrRenewAsync(linked.Token).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return holds;
    }

    /// <summary>Renews until the deadline passes without a success, somebody else holds the lease, the work ends, or we are told to stop.</summary>
    private async Task RenewAsync(Heartbeat? life, Task work, CancellationToken cancellationToken)
    {
        while (await PauseAsync(options.RetryPeriod - timeProvider.GetElapsedTime(heldSince), work, cancellationToken).ConfigureAwait(false))
        {
            life?.Beat();

            // Not from now: a renewal that took long has used up part of the lease already, and a process that slept may have used up all.
            var left = options.RetryPeriod + options.RenewDeadline - timeProvider.GetElapsedTime(heldSince);
            if (left > TimeSpan.Zero && await RenewWithinAsync(left, work, cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            if (!cancellationToken.IsCancellationRequested && !work.IsCompleted)
            {
                LeaderElectionLog.Lost(logger, leaseLock.Description, options.Identity);
            }

            return;
        }
    }

    private async Task<bool> RenewWithinAsync(TimeSpan left, Task work, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(left, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        while (!await TryAcquireOrRenewAsync(linked.Token).ConfigureAwait(false))
        {
            if (!IsLeader || linked.IsCancellationRequested || !await PauseAsync(options.RetryPeriod, work, linked.Token).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>False where there is nothing more to renew for.</summary>
    private async Task<bool> PauseAsync(TimeSpan time, Task work, CancellationToken cancellationToken)
    {
        var pause = Task.Delay(time > TimeSpan.Zero ? time : TimeSpan.Zero, timeProvider, cancellationToken);
        await Task.WhenAny(pause, work).ConfigureAwait(false);
        return pause.IsCompletedSuccessfully && !work.IsCompleted;
    }

    private async Task<bool> TryAcquireOrRenewAsync(CancellationToken cancellationToken)
    {
        try
        {
            var now = Now();
            var wanted = new LeaderElectionRecord(options.Identity, (int)options.LeaseDuration.TotalSeconds, now, now, 0);

            // 1. The usual case of a leader: one write, no read.
            if (IsLeader && IsLeaseValid())
            {
                try
                {
                    await WriteAsync(wanted with { AcquireTime = observed!.AcquireTime, LeaderTransitions = observed.LeaderTransitions }, isNew: false, cancellationToken).ConfigureAwait(false);
                    return true;
                }
                catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
                {
                    metrics?.LeaseRenewedSlowly(leaseLock.Name);
                    LeaderElectionLog.RenewFailed(logger, leaseLock.Description, exception.Message);
                }
            }

            // 2. What does the lock say?
            if (await leaseLock.GetAsync(cancellationToken).ConfigureAwait(false) is not { } held)
            {
                await WriteAsync(wanted, isNew: true, cancellationToken).ConfigureAwait(false);
                return true;
            }

            // 3. Every change starts our clock anew; a holder whose record did not change for its duration is gone.
            if (held != observed)
            {
                Observe(held);
            }

            if (held.HolderIdentity.Length > 0 && IsLeaseValid() && !IsLeader)
            {
                return false;
            }

            // 4. Ours, or nobody's.
            await WriteAsync(
                IsLeader
                    ? wanted with { AcquireTime = held.AcquireTime, LeaderTransitions = held.LeaderTransitions }
                    : wanted with { LeaderTransitions = held.LeaderTransitions + 1 },
                isNew: false,
                cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception exception)
        {
            LeaderElectionLog.TryFailed(logger, leaseLock.Description, exception.Message);
            return false;
        }
    }

    /// <summary>On the way out, so not with the token that asked for it; the deadline bounds it.</summary>
    private async Task ReleaseAsync()
    {
        if (!IsLeader || !IsLeaseValid())
        {
            return;
        }

        // From now on another may lead.
        gate?.Shut();
        var now = Now();
        using var deadline = new CancellationTokenSource(options.RenewDeadline, timeProvider);
        try
        {
            await WriteAsync(new LeaderElectionRecord("", 1, now, now, observed!.LeaderTransitions), isNew: false, deadline.Token).ConfigureAwait(false);
            LeaderElectionLog.Released(logger, leaseLock.Description, options.Identity);
        }
        catch (Exception exception)
        {
            // The others wait for the lease to run out.
            LeaderElectionLog.ReleaseFailed(logger, leaseLock.Description, exception.Message);
        }
    }

    private async Task WriteAsync(LeaderElectionRecord record, bool isNew, CancellationToken cancellationToken)
    {
        var began = timeProvider.GetTimestamp();
        await (isNew ? leaseLock.CreateAsync(record, cancellationToken) : leaseLock.UpdateAsync(record, cancellationToken)).ConfigureAwait(false);
        Observe(record);
        if (record.HolderIdentity == options.Identity)
        {
            heldSince = began;
            gate?.Open(began, options.LeaseDuration - options.WriteMargin);
        }
    }

    /// <summary>To the microsecond, as the lease keeps it: what we wrote and what we read back must be equal.</summary>
    private DateTimeOffset Now()
    {
        var now = timeProvider.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }

    private void Observe(LeaderElectionRecord record)
    {
        observed = record;
        observedAt = timeProvider.GetTimestamp();
        if (record.HolderIdentity != options.Identity)
        {
            gate?.Shut();
        }
    }

    private bool IsLeaseValid() => observed is { } record && timeProvider.GetElapsedTime(observedAt) < TimeSpan.FromSeconds(record.LeaseDurationSeconds);
}
