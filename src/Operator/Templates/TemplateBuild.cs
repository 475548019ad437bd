namespace Octavo.Operator.Templates;

/// <summary>Builds the templates of a service.</summary>
/// <param name="revision">Revision of the code, one of those that it knows.</param>
/// <param name="imagesOf">A live template whose images take the place of the operator's defaults; null: the defaults.</param>
internal delegate PodTemplates TemplateBuild(string revision, LiveTemplate? imagesOf);
