using System.ComponentModel;
using System.Diagnostics;

namespace Octavo.KubernetesClient.Authentication;

/// <summary>One run of a credential plugin: no terminal, bounded time, standard output as the answer.</summary>
internal static class ExecCredentialPlugin
{
    private const int MaxError = 2000;

    public static async Task<string> RunAsync(ExecCredentialConfiguration plugin, string request, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(plugin.Command, plugin.Args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in plugin.Env)
        {
            start.Environment[name] = value;
        }

        start.Environment["KUBERNETES_EXEC_INFO"] = request;
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Exception exception) when (exception is Win32Exception or IOException or InvalidOperationException)
        {
            var hint = plugin.InstallHint is { Length: > 0 } text ? $"\n{text}" : "";
            throw new KubernetesConfigurationException($"the credential plugin '{plugin.Command}' cannot be started: {exception.Message}{hint}", exception);
        }

        using var deadline = new CancellationTokenSource(plugin.Timeout, timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(linked.Token);
            var error = process.StandardError.ReadToEndAsync(linked.Token);
            await process.WaitForExitAsync(linked.Token).ConfigureAwait(false);
            var complaint = (await error.ConfigureAwait(false)).Trim();
            return process.ExitCode == 0
                ? await output.ConfigureAwait(false)
                : throw new KubernetesConfigurationException(
                    $"the credential plugin '{plugin.Command}' ended with exit code {process.ExitCode}: {complaint[..Math.Min(complaint.Length, MaxError)]}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KubernetesConfigurationException($"the credential plugin '{plugin.Command}' did not end within {plugin.Timeout.TotalSeconds:0} s");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
