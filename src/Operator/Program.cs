using Octavo.Operator.CustomResources;

if (args is ["manifests", "--output", var folder])
{
    ManifestWriter.WriteTo(folder);
    return 0;
}

Console.Error.WriteLine("not built yet");
return 1;
