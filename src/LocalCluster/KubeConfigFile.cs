using System.Text;

namespace Octavo.LocalCluster;

/// <summary>Writes the file by which kubectl and everyone else finds the cluster.</summary>
internal static class KubeConfigFile
{
    /// <summary>Created readable and writable by its owner alone, since it holds the administrator's token; replaced in one step.</summary>
    public static async Task WriteAsync(string path, Uri server, string certificateAuthority, string token, CancellationToken cancellationToken)
    {
        var full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        var temporary = full + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (var file = new FileStream(temporary, options))
        {
            await file.WriteAsync(Encoding.UTF8.GetBytes(Render(server, certificateAuthority, token)), cancellationToken).ConfigureAwait(false);
        }

        File.Move(temporary, full, overwrite: true);
    }

    internal static string Render(Uri server, string certificateAuthority, string token) => $"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: octavo-local
          cluster:
            server: {server.ToString().TrimEnd('/')}
            certificate-authority-data: {Convert.ToBase64String(Encoding.UTF8.GetBytes(certificateAuthority))}
        users:
        - name: octavo-admin
          user:
            token: {token}
        contexts:
        - name: octavo-local
          context:
            cluster: octavo-local
            user: octavo-admin
            namespace: default
        current-context: octavo-local

        """;
}
